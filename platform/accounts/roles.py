"""Who may do what is said in roles; each is a Django group of that name."""

from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User

from api.models import Customer


class Role(StrEnum):
    SHOP = "shop"
    INVESTIGATOR = "investigator"
    ANALYST = "analyst"
    OPERATOR = "operator"
    CUSTOMER = "customer"


READS_EVERYBODYS = frozenset({Role.SHOP, Role.INVESTIGATOR, Role.ANALYST})
"""Who reads what is recorded of every user of the shop: transactions, refunds, hourly totals, searches."""


@dataclass(frozen=True, slots=True)
class Rights:
    """What an account may see and do."""

    roles: frozenset[Role] = frozenset()
    user_id: int | None = None
    """which of the shop's users it belongs to"""


def keep_rights(account: User) -> None:
    """Look the account's rights up once, and keep them with it."""
    vars(account)["_rights"] = _look_up(account)


def rights_of(account: AbstractBaseUser | AnonymousUser) -> Rights:
    """The rights of an account, as they were kept with it, or else as they are now."""
    if not isinstance(account, User):
        return Rights()
    return cast(Rights | None, vars(account).get("_rights")) or _look_up(account)


def roles_of(account: AbstractBaseUser | AnonymousUser) -> frozenset[Role]:
    """The roles of an account; a superuser has all but that of a customer, who is somebody in particular."""
    return rights_of(account).roles


def _look_up(account: User) -> Rights:
    user_id = Customer.objects.filter(account_id=account.pk).values_list("user_id", flat=True).first()
    if account.is_superuser:
        return Rights(frozenset(Role) - {Role.CUSTOMER}, user_id)
    names = account.groups.filter(name__in=list(Role)).values_list("name", flat=True)
    return Rights(frozenset(map(Role, names)), user_id)
