"""What an account may do, by its roles. Nobody logged in: 401; the wrong role: 403."""

from collections.abc import Collection
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.roles import Role, rights_of, roles_of
from api.problems import Problem, ProblemType


class RolePermission(BasePermission):
    """Made by has_role()."""

    roles: ClassVar[frozenset[Role]] = frozenset()
    readers: ClassVar[frozenset[Role]] = frozenset()

    def has_permission(self, request: Request, view: Any) -> bool:
        allowed = self.roles_for(str(request.method))
        self.message = f"This needs an account with the role {' or '.join(sorted(allowed))}."
        return request.user.is_superuser or not allowed.isdisjoint(roles_of(request.user))

    def roles_for(self, method: str) -> frozenset[Role]:
        return self.readers if method in SAFE_METHODS else self.roles


def has_role(*roles: Role, or_to_read: Collection[Role] = ()) -> type[RolePermission]:
    """A permission class: these roles may do everything, those in `or_to_read` may GET. Superusers may do all."""
    return type(
        "HasRole", (RolePermission,), {"roles": frozenset(roles), "readers": frozenset(roles) | frozenset(or_to_read)}
    )


def restricted_to(account: AbstractBaseUser | AnonymousUser, *, unless: Collection[Role]) -> int | None:
    """The only user of the shop whose data this account may see; None if it may see everyone's.

    `unless` are the roles that may see everyone's. Raises a problem (403) for a customer's account without a user_id.
    """
    rights = rights_of(account)
    if not rights.roles.isdisjoint(unless):
        return None
    if rights.user_id is None:
        raise Problem(
            ProblemType.FORBIDDEN,
            "This account belongs to no user of the shop: ask an administrator to link it to one.",
        )
    return rights.user_id
