"""Which answers show data of others, and of whom: every route that is asked for is in one of these tables.

A new route has to be put into one of them: tests/audit/test_routes.py looks.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from accounts.roles import Role

READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Read:
    """What is noted of a route.

    methods: whose answers show data of others. unnoted: roles of which nothing is noted here. repeated: a screen asks
    again and again, which is noted once in a while.
    """

    methods: Collection[str] = READING
    unnoted: Collection[Role] = field(default_factory=frozenset)
    repeated: bool = False


# One order by its id is what the shop's own machine asks for at each step of an order that it has sent itself.
OF_THE_SHOP = frozenset({Role.SHOP})

NOTED: Mapping[str, Read] = {
    "transactions": Read(),
    "transaction": Read(unnoted=OF_THE_SHOP),
    "transaction-refunds": Read(READING | {"POST"}, unnoted=OF_THE_SHOP),
    "transaction-status": Read({"PUT"}, unnoted=OF_THE_SHOP),
    "search-transactions": Read({"POST"}),
    "hourly-totals": Read(),
    "fraud-alerts": Read(),
    "fraud-alert": Read(READING | {"PATCH"}),
    "live-state": Read(repeated=True),
}

UNNOTED: Mapping[str, str] = {
    "live": "a page without rows: it asks live-state for them",
    "runbook": "a document",
    "health": "parts, and nobody's data",
    "health-live": "so too",
    "health-ready": "so too",
    "kafka-status": "so too",
    "metrics": "counts",
    "notifications": "one's own",
    "notification": "one's own",
    "alertmanager": "only takes",
    "heartbeat": "only takes",
    "tokens": "one's own",
    "current-token": "one's own",
    "token": "one's own",
    "login": "a form",
    "logout": "a form",
    "problems": "a document",
    "schema": "a document",
    "docs": "a document",
}

ADMIN = "admin:"
PAGE = Read(READING | {"POST"})
"""Any page of the admin that shows rows; so is what is not named here."""

OF_NOBODY = ("django_celery_beat_", "auth_group_")
"""begin the names of pages on which no row is about anybody"""
WITHOUT_ROWS = frozenset(
    {"index", "app_list", "search", "login", "logout", "password_change", "password_change_done", "jsi18n"}
)
ADDING = "_add"
"""ends the name of a page on which a row is made, which shows none"""


def read_of(route: str, method: str) -> Read | None:
    """What is noted of a request; None: nothing. route: its name, with the namespace, as `admin:auth_user_change`."""
    read = _of_the_admin(route.removeprefix(ADMIN)) if route.startswith(ADMIN) else NOTED.get(route)
    return read if read and method in read.methods else None


def _of_the_admin(page: str) -> Read | None:
    shows_nobody = page in WITHOUT_ROWS or page.startswith(OF_NOBODY) or page.endswith(ADDING)
    return None if shows_nobody else PAGE
