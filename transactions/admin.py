"""For superusers: the table of transactions to look at, and Celery's schedule to switch on and off."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.filters import ChoicesFieldListFilter
from django.contrib.admin.views.main import ORDER_VAR, SEARCH_VAR
from django.db.models import QuerySet
from django.http import HttpRequest
from django_celery_beat.admin import ClockedScheduleAdmin as BaseClockedScheduleAdmin
from django_celery_beat.admin import CrontabScheduleAdmin as BaseCrontabScheduleAdmin
from django_celery_beat.admin import PeriodicTaskAdmin as BasePeriodicTaskAdmin
from django_celery_beat.admin import PeriodicTaskForm as BasePeriodicTaskForm
from django_celery_beat.admin import TaskSelectWidget
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import RangeNumericFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from api.changelists import EndlessPages, LargeTableAdmin
from events import ChangedStatus
from events.money import in_words
from transactions import lists
from transactions.models import Transaction

COLOURS = {
    ChangedStatus.PENDING: "warning",
    ChangedStatus.SUCCESS: "success",
    ChangedStatus.FAILED: "danger",
    ChangedStatus.REFUNDED: "info",
}


COLUMNS = ("order_id", "user_id_", "amount_", "status_", "kind", "timestamp", "recorded_at")
AMOUNT_COLUMN = str(COLUMNS.index("amount_"))


def asked_of(query: Mapping[str, str]) -> set[str]:
    """What a list's query string narrows it by, as lookups: see transactions/lists.py. Sorting by amount is like it."""
    by_amount = {"amount__gte"} if query.get(ORDER_VAR, "").lstrip("-") == AMOUNT_COLUMN else set()
    lookups = {
        "status__exact": "status",
        "kind__exact": "kind",
        "amount_from": "amount__gte",
        "amount_to": "amount__lte",
        SEARCH_VAR: "user_id",
    }
    return by_amount | {lookup for parameter, lookup in lookups.items() if query.get(parameter)}


class Narrowing(ChoicesFieldListFilter):
    def queryset(self, request: HttpRequest, queryset: QuerySet[Transaction]) -> QuerySet[Transaction] | None:
        value = request.GET.get(self.lookup_kwarg)
        if value and lists.others_choose(asked_of(request.GET)):
            return queryset.filter(**{f"{self.field_path}__unindexed": value})
        return super().queryset(request, queryset)


@admin.register(Transaction)
class TransactionAdmin(LargeTableAdmin):
    """To look at only: orders change through the API, which publishes it."""

    list_display = COLUMNS
    list_filter = (("status", Narrowing), ("kind", Narrowing), ("amount", RangeNumericFilter))
    list_filter_submit = True
    sortable_by = ("amount_", "timestamp")
    paginator = EndlessPages

    def orders(self, asked: Mapping[str, str]) -> Mapping[str, Sequence[str]]:
        latest_first = lists.order_of(asked_of(asked) - {"amount__gte", "amount__lte"})
        return {
            "": lists.order_of(asked_of(asked)),
            "-timestamp": latest_first,
            "timestamp": lists.reversed_order(latest_first),
            "-amount": lists.LARGEST_FIRST,
            "amount": lists.reversed_order(lists.LARGEST_FIRST),
        }

    @display(description="Amount", ordering="amount")
    def amount_(self, row: Transaction) -> str:
        return in_words(row.amount)

    @display(description="User")
    def user_id_(self, row: Transaction) -> str:
        return str(row.user_id)

    @display(description="Status", label=COLOURS)
    def status_(self, row: Transaction) -> str:
        return row.status

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RegisteredTaskSelect(UnfoldAdminSelectWidget, TaskSelectWidget):
    pass


class PeriodicTaskForm(BasePeriodicTaskForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = RegisteredTaskSelect()


for model in (PeriodicTask, IntervalSchedule, CrontabSchedule, SolarSchedule, ClockedSchedule):
    admin.site.unregister(model)


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(BasePeriodicTaskAdmin, ModelAdmin):
    form = PeriodicTaskForm


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(BaseCrontabScheduleAdmin, ModelAdmin):
    pass


@admin.register(ClockedSchedule)
class ClockedScheduleAdmin(BaseClockedScheduleAdmin, ModelAdmin):
    pass


@admin.register(IntervalSchedule, SolarSchedule)
class ScheduleAdmin(ModelAdmin):
    pass
