"""Who may do what is said in roles; each is a Django group of that name."""

from enum import StrEnum

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User


class Role(StrEnum):
    SHOP = "shop"
    INVESTIGATOR = "investigator"
    ANALYST = "analyst"
    OPERATOR = "operator"
    CUSTOMER = "customer"


def roles_of(account: AbstractBaseUser | AnonymousUser) -> frozenset[Role]:
    """The roles of an account; a superuser has all but that of a customer, who is somebody in particular."""
    if not isinstance(account, User):
        return frozenset()
    if account.is_superuser:
        return frozenset(Role) - {Role.CUSTOMER}
    return frozenset(Role(name) for name in account.groups.filter(name__in=list(Role)).values_list("name", flat=True))
