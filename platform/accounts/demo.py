"""Accounts for trying the platform out: one of every role, and a superuser."""

from collections.abc import Iterator
from dataclasses import dataclass
from secrets import token_urlsafe

from django.contrib.auth.models import Group, User
from django.db import transaction
from knox.models import AuthToken

from accounts.authentication import make_token
from accounts.roles import Role
from api.models import Customer

ADMIN = "admin"

SEES = {
    Role.SHOP: "/docs: records orders, reads and searches them",
    Role.INVESTIGATOR: "/admin/: works fraud alerts; reads and searches orders",
    Role.ANALYST: "/docs: hourly totals, search and lists of orders",
    Role.OPERATOR: "/ and /monitoring/kafka: the health of the cluster; /admin/: the audit log",
    Role.CUSTOMER: "/transactions and /notifications: their own",
    ADMIN: "everything",
}


@dataclass(frozen=True, slots=True)
class Login:
    name: str
    email: str
    password: str
    token: str
    sees: str


@transaction.atomic
def make_demo_accounts(*, customer_user_id: int, password: str | None = None) -> list[Login]:
    """One account per role and `admin`; those that exist get new passwords, and lose their tokens and sessions."""
    return [_login(account, password or token_urlsafe(18)) for account in _accounts(customer_user_id)]


def _accounts(customer_user_id: int) -> Iterator[User]:
    for role in Role:
        account = _account(role, is_staff=role in (Role.INVESTIGATOR, Role.OPERATOR))
        account.groups.set([Group.objects.get(name=role)])
        if role == Role.CUSTOMER:
            Customer.objects.filter(user_id=customer_user_id).exclude(account=account).delete()
            Customer.objects.update_or_create(account=account, defaults={"user_id": customer_user_id})
        yield account
    yield _account(ADMIN, is_staff=True, is_superuser=True)


def _account(name: str, **flags: bool) -> User:
    wanted = {"email": f"{name}@shop.example", "is_active": True, "is_staff": False, "is_superuser": False} | flags
    return User.objects.update_or_create(username=str(name), defaults=wanted)[0]


def _login(account: User, password: str) -> Login:
    account.set_password(password)
    account.save(update_fields=["password"])
    AuthToken.objects.filter(user=account).delete()
    _, token = make_token(account, name="demo")
    return Login(account.username, account.email, password, token, SEES[account.username])
