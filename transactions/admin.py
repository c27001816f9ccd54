"""For superusers: the table of transactions to look at, and Celery's schedule to switch on and off."""

from typing import Any

from django.contrib import admin
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
from unfold.paginator import InfinitePaginator
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from events import ChangedStatus
from transactions.models import Transaction

COLOURS = {
    ChangedStatus.PENDING: "warning",
    ChangedStatus.SUCCESS: "success",
    ChangedStatus.FAILED: "danger",
    ChangedStatus.REFUNDED: "info",
}


@admin.register(Transaction)
class TransactionAdmin(ModelAdmin):
    """To look at only: orders change through the API, which publishes it."""

    list_display = ("order_id", "user_id_", "amount_", "status_", "kind", "timestamp", "recorded_at")
    list_filter = ("status", "kind", ("amount", RangeNumericFilter))
    list_filter_submit = True
    search_fields = ("order_id__exact", "user_id__exact")
    search_help_text = "The whole order id, or the user id"
    ordering = ("-pk",)
    # The table is large: it is neither counted nor searched in the middle of words.
    paginator = InfinitePaginator
    show_full_result_count = False

    @display(description="Amount", ordering="amount")
    def amount_(self, row: Transaction) -> str:
        return f"{row.amount:,.2f}"

    @display(description="User", ordering="user_id")
    def user_id_(self, row: Transaction) -> str:
        return str(row.user_id)

    @display(description="Status", ordering="status", label=COLOURS)
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
