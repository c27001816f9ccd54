"""The investigators' desk: the queue of alerts, and the page on which one is investigated.

Nothing here saves an alert: every change goes through services, so that its history and its event are always written.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR, SEARCH_VAR
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from unfold.contrib.filters.admin import RangeNumericFilter
from unfold.decorators import action, display

from api.changelists import LargeTableAdmin
from events import AlertStatus
from events.money import in_words
from fraud import selectors, services
from fraud.cases import CLOSED
from fraud.forms import MoveForm, moves
from fraud.models import STATUSES, FraudAlert

COLOURS = {
    AlertStatus.OPEN: "warning",
    AlertStatus.INVESTIGATING: "info",
    AlertStatus.CONFIRMED: "danger",
    AlertStatus.DISMISSED: "success",
}
REFUSALS_SHOWN = 5


def states_of(progress: str | None) -> Collection[AlertStatus]:
    """The states that the filter on progress lets through."""
    if not progress:
        return set(AlertStatus) - CLOSED
    return set(AlertStatus) if progress == "ALL" else {status for status in AlertStatus if status == progress}


class ProgressFilter(admin.SimpleListFilter):
    """The queue unless asked otherwise: what still has to be decided."""

    title = "progress"
    parameter_name = "progress"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*STATUSES, ("ALL", "All")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[FraudAlert]) -> QuerySet[FraudAlert]:
        if self.value() == "ALL":
            return queryset
        # Of a user, and of an investigator, there are few: those are found, and then looked at.
        others_choose = request.GET.get(SEARCH_VAR) or request.GET.get(InvestigatorFilter.parameter_name) == "me"
        which = "__unindexed" if others_choose else ""
        column, value = ("status", self.value()) if self.value() else ("decided", 0)
        return queryset.filter(**{f"{column}{which}": value})

    def choices(self, changelist: Any) -> Iterator[Any]:
        queue, *others = super().choices(changelist)
        yield {**queue, "display": "To decide"}
        yield from others


class InvestigatorFilter(admin.SimpleListFilter):
    title = "investigator"
    parameter_name = "investigator"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("me", "Mine"), ("nobody", "Nobody's")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[FraudAlert]) -> QuerySet[FraudAlert]:
        match self.value():
            case "me":
                return queryset.filter(assignee=request.user.pk)
            case "nobody":
                return queryset.filter(assignee=None)
        return queryset


@admin.register(FraudAlert)
class FraudAlertAdmin(LargeTableAdmin):
    list_display = ("order_id", "amount_", "user_id_", "status_", "assignee", "raised_at_", "rule")
    list_filter = (ProgressFilter, InvestigatorFilter, ("amount", RangeNumericFilter))
    list_filter_sheet = False
    list_filter_submit = True
    list_select_related = ("assignee",)
    sortable_by = ("amount_", "raised_at_")
    actions = ("take_selected",)

    class Media:
        css: ClassVar[dict[str, tuple[str, ...]]] = {"all": ("fraud/desk.css",)}

    def get_paginator(self, request: HttpRequest, queryset: Any, per_page: int, *args: Any, **kwargs: Any) -> Any:
        """Whole states are not counted: how many alerts they have is kept."""
        paginator = super().get_paginator(request, queryset, per_page, *args, **kwargs)
        asked = {name for name, value in request.GET.items() if value} - {ORDER_VAR, PAGE_VAR}
        if asked <= {ProgressFilter.parameter_name}:
            paginator.count = selectors.count_of(states_of(request.GET.get(ProgressFilter.parameter_name)))
        return paginator

    def orders(self, asked: Mapping[str, str]) -> Mapping[str, Sequence[str]]:
        """The queue: of those raised together the largest first."""
        is_queue = not asked.get(ProgressFilter.parameter_name)
        return {
            "": ("raised_at", "-amount", "pk") if is_queue else ("raised_at", "pk"),
            "-raised_at": ("-raised_at", "amount", "-pk") if is_queue else ("-raised_at", "-pk"),
            "amount": ("amount", "pk"),
            "-amount": ("-amount", "-pk"),
        }

    @display(description="Amount", ordering="amount")
    def amount_(self, alert: FraudAlert) -> str:
        return in_words(alert.amount)

    @display(description="User")
    def user_id_(self, alert: FraudAlert) -> str:
        return str(alert.user_id)

    @display(description="Status", label=COLOURS)
    def status_(self, alert: FraudAlert) -> tuple[str, str]:
        return alert.status, alert.get_status_display()

    @display(description="Raised (UTC)", ordering="raised_at")
    def raised_at_(self, alert: FraudAlert) -> str:
        return date_format(localtime(alert.raised_at, UTC), "j M Y, H:i")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @action(description="Take", permissions=["change"])
    def take_selected(self, request: HttpRequest, queryset: QuerySet[FraudAlert]) -> None:
        refusals = []
        for alert in queryset:
            try:
                services.take(alert=alert, by=_investigator(request))
            except services.NotAllowed as refusal:
                refusals.append(f"{alert.order_id}: {refusal}")
        if len(refusals) < len(queryset):
            messages.success(request, f"You have {len(queryset) - len(refusals)} of the selected alerts.")
        if refusals:
            more = f" And {len(refusals) - REFUSALS_SHOWN} more." if len(refusals) > REFUSALS_SHOWN else ""
            messages.error(request, " ".join(refusals[:REFUSALS_SHOWN]) + more)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one alert. It takes the place of Django's form, which would save the row itself."""
        alert = self.get_object(request, unquote(object_id))
        if alert is None:
            raise Http404(f"There is no alert {object_id}.")
        may_change = self.has_change_permission(request, alert)
        if not (may_change if request.method == "POST" else self.has_view_permission(request, alert)):
            raise PermissionDenied
        form = MoveForm(request.POST) if request.method == "POST" else None
        if form and self._move(request, alert, form):
            return HttpResponseRedirect(request.get_full_path())
        if form:
            alert.refresh_from_db()  # another investigator may have been a moment faster
        return self._page(request, alert, form, may_change=may_change)

    def _move(self, request: HttpRequest, alert: FraudAlert, form: MoveForm) -> bool:
        """Whether the alert was changed as the form asks; if not, a message says why."""
        if not form.is_valid():
            messages.error(request, " ".join(str(sentence) for errors in form.errors.values() for sentence in errors))
            return False
        by = _investigator(request)
        try:
            services.change_alert(alert=alert, by=by, **form.change(by))
        except services.NotAllowed as refusal:
            messages.error(request, str(refusal))
            return False
        messages.success(request, form.pressed.done)
        return True

    def _page(
        self, request: HttpRequest, alert: FraudAlert, refused: MoveForm | None, *, may_change: bool
    ) -> HttpResponse:
        """The alert as it is now; after a refusal, with the note still there."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": alert.order_id,
            "original": alert,
            "alert": alert,
            "colours": COLOURS,
            "form": MoveForm(initial={"seen": alert.version, "note": refused["note"].data if refused else ""}),
            "moves": moves(alert, _investigator(request)) if may_change else [],
            "history": selectors.history(alert),
            "transaction": selectors.transaction_of(alert),
            "recent": selectors.recent_transactions(alert),
            "others": selectors.other_alerts(alert),
        }
        return TemplateResponse(request, "fraud/alert.html", context)


def _investigator(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
