"""Accounts, their roles and tokens, for superusers."""

from typing import Any

from axes.models import AccessAttempt
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from knox.models import AuthToken
from unfold.admin import ModelAdmin, StackedInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts import issued
from api.models import Customer

for model in (User, Group, AuthToken):
    admin.site.unregister(model)


class CustomerInline(StackedInline):
    """Which of the shop's users a customer's account belongs to."""

    model = Customer
    extra = 0


@admin.register(User)
class UserAdmin(BaseUserAdmin, ModelAdmin):  # type: ignore[type-arg]  # Django's own takes none when it runs
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    inlines = (CustomerInline,)
    actions = ("revoke_tokens",)

    @admin.action(description="Revoke all tokens of the selected users", permissions=["change"])
    def revoke_tokens(self, request: HttpRequest, accounts: QuerySet[User]) -> None:
        ended = sum(issued.revoke_all(account) for account in accounts)
        self.message_user(request, f"{ended} tokens have ended.")


@admin.register(Group)
class GroupAdmin(BaseGroupAdmin, ModelAdmin):
    pass


@admin.register(AuthToken)
class AuthTokenAdmin(ModelAdmin):
    """Tokens are made at the API, which shows them once; here they are found and revoked."""

    list_display = ("user", "name", "may_write", "token_key", "created", "expiry", "last_used")
    list_select_related = ("user", "details")
    search_fields = ("user__username", "details__name", "token_key__exact")
    readonly_fields = fields = list_display

    @admin.display(ordering="details__name")
    def name(self, token: AuthToken) -> str:
        return token.details.name or "—"

    @admin.display(boolean=True, ordering="details__may_write")
    def may_write(self, token: AuthToken) -> bool:
        return bool(token.details.may_write)

    @admin.display(ordering="details__last_used_at", empty_value="never")
    def last_used(self, token: AuthToken) -> Any:
        return token.details.last_used_at

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AccessAttempt)
class WrongPasswordsAdmin(ModelAdmin):
    """Names and addresses with wrong passwords of the last minutes; to delete a row lifts its lock."""

    list_display = ("username", "ip_address", "failures_since_start", "attempt_time", "path_info")
    search_fields = ("username", "ip_address")
    readonly_fields = fields = (*list_display, "user_agent")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
