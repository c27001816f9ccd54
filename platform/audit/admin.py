"""The audit log, for operators and superusers, to look at only."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR
from django.contrib.auth.models import User
from django.db.models import F, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import TextFilter
from unfold.decorators import display
from unfold.views import ChangeList

from accounts.roles import Role, roles_of
from api.changelists import EndlessPages, LargeTableAdmin, OrderedChangeList
from audit.models import AuditLine

MAX_ACCOUNT_ID = 2**31 - 1


class ReaderFilter(TextFilter):  # type: ignore[misc] # unfold says nothing of its types
    """By the name of an account; by its id, where it has gone."""

    title = "reader (name, or id of the account)"
    parameter_name = "reader"

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditLine]) -> QuerySet[AuditLine]:
        value = (self.value() or "").strip()
        if not value:
            return queryset
        account_id = User.objects.filter(username=value).values_list("pk", flat=True).first()
        if account_id is None and value.isascii() and value.isdigit():
            account_id = min(int(value[:20]), MAX_ACCOUNT_ID)
        if account_id is None:
            return queryset.none()
        if request.GET.get(SEARCH_VAR):
            # A user or an order has few lines: those are found, and then looked at. A sum is in no index.
            return queryset.alias(reader=F("account_id") + 0).filter(reader=account_id)
        return queryset.filter(account_id=account_id)


class LinesWithNames(OrderedChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list: list[AuditLine] = list(self.result_list)
        names = dict(
            User.objects.filter(pk__in={line.account_id for line in self.result_list}).values_list("pk", "username")
        )
        for line in self.result_list:
            vars(line)["name"] = names.get(line.account_id)


@admin.register(AuditLine)
class AuditLineAdmin(LargeTableAdmin):
    list_display = ("at", "reader", "role", "what", "whose", "order_id", "object_id", "shown", "address")
    list_filter = (ReaderFilter,)
    list_filter_submit = True
    sortable_by = ()
    paginator = EndlessPages

    def orders(self, asked: Mapping[str, str]) -> Mapping[str, Sequence[str]]:
        return {"": ("-pk",)}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return LinesWithNames

    @display(description="Who read")
    def reader(self, line: AuditLine) -> str:
        return vars(line).get("name") or f"account {line.account_id}"

    @display(description="What")
    def what(self, line: AuditLine) -> str:
        return f"{line.method} {line.route}, {line.format}"

    @display(description="Of user", empty_value="")
    def whose(self, line: AuditLine) -> str | None:
        return None if line.user_id is None else str(line.user_id)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return Role.OPERATOR in roles_of(request.user)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
