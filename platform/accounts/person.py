"""What is held of a person who has an account: what it is, and how it is erased."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.admin.models import LogEntry
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from knox.models import AuthToken

from accounts.roles import Role, roles_of
from api.models import Customer, IdempotencyKey
from database.erasing import Erasure
from database.portions import portions_of_table

NOBODY = "forgotten"
SESSIONS_READ_AT_ONCE = 1000
TRIED: Mapping[str, type[Model]] = {
    "wrong passwords, with their addresses": AccessAttempt,
    "failed logins, with their addresses": AccessFailureLog,
    "logins, with their addresses": AccessLog,
}
"""Of django-axes; as we set it up, only the first has rows."""


@dataclass(frozen=True, slots=True)
class Person:
    """One of the shop's users; nothing here but the number once the account is gone."""

    user_id: int
    account: User | None

    @property
    def recipients(self) -> list[str]:
        """As whom the person gets notifications."""
        own = [f"account:{self.account.pk}"] if self.account else []
        return [f"customer:{self.user_id}", *own]

    @property
    def is_staff(self) -> bool:
        """Whether the account may do more than a customer's."""
        account = self.account
        return account is not None and (account.is_staff or bool(roles_of(account) - {Role.CUSTOMER}))


def person(user_id: int) -> Person:
    """Whoever the shop knows by this number."""
    customer = Customer.objects.select_related("account").filter(user_id=user_id).first()
    return Person(user_id, customer.account if customer else None)


def erasures(whose: Person) -> list[Erasure]:
    """What is to be erased beside the account itself, which is needed to find it: see forget()."""
    account = whose.account
    if account is None:
        return []
    # As they are now: afterwards the account has none, and it is still to be seen whether anything is left.
    key, name, email = account.pk, account.username, account.email
    token, user = (ContentType.objects.get_for_model(model) for model in (AuthToken, User))
    of_token = Q(content_type=token, object_repr__endswith=f" : {name}")
    log = LogEntry.objects.filter(of_token | Q(content_type=user, object_id=str(key))).exclude(object_repr=NOBODY)
    return [
        Erasure("tokens, with their names", AuthToken.objects.filter(user_id=key).all),
        Erasure("sessions", partial(_sessions, key)),
        *(Erasure(what, partial(_tried, model, name, email)) for what, model in TRIED.items()),
        Erasure("answers under idempotency keys", IdempotencyKey.objects.filter(account_id=key).all),
        Erasure("lines of the admin's log that name the account", log.all, {"object_repr": NOBODY}),
    ]


def close(account: User) -> None:
    """Let nobody log in, and no e-mail be addressed any more."""
    account.is_active = False
    account.set_unusable_password()
    account.save(update_fields=["is_active", "password"])


@transaction.atomic
def forget(account: User) -> None:
    """Leave of an account only its id, by which histories say that somebody did something."""
    Customer.objects.filter(account=account).delete()
    account.groups.clear()
    account.user_permissions.clear()
    account.username = f"{NOBODY}-{account.pk}"
    account.email = account.first_name = account.last_name = ""
    account.last_login = None
    account.save()


def _sessions(key: int) -> QuerySet[Session]:
    return Session.objects.filter(pk__in=list(_session_keys(key)))


def _session_keys(key: int) -> Iterator[str]:
    """Found by reading all: whose a session is stands in what is signed."""
    for rows in portions_of_table(Session.objects.all(), SESSIONS_READ_AT_ONCE):
        yield from (each.pk for each in rows if each.get_decoded().get(SESSION_KEY) == str(key))


def _tried(model: type[Model], name: str, email: str) -> QuerySet[Any]:
    """Under the account's name, or its address, which some take for the name."""
    by_address = Q(username__iexact=email) if email else Q(pk=None)
    rows: QuerySet[Any] = model._default_manager.filter(Q(username__iexact=name) | by_address)
    return rows
