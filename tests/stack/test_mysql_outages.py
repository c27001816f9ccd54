"""MySQL that takes no changes, or nobody in."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from django.db import OperationalError, connection
from rest_framework.test import APIClient

from accounts.roles import Role
from api.models import IdempotencyKey
from database.errors import is_transient
from monitoring.health import Down
from monitoring.server_checks import database
from tests.conftest import ClientAs
from transactions.models import Transaction

pytestmark = pytest.mark.django_db(transaction=True)

ORDER = {"user_id": 42, "amount": "19.99"}
SetGlobal = Callable[..., None]


@pytest.fixture
def set_global() -> Iterator[SetGlobal]:
    """Sets variables of the server, and sets them back afterwards."""
    before: dict[str, Any] = {}

    def change(**values: int) -> None:
        with connection.cursor() as cursor:
            for name, value in values.items():
                cursor.execute(f"SELECT @@GLOBAL.{name}")
                before.setdefault(name, cursor.fetchone()[0])
                cursor.execute(f"SET GLOBAL {name} = {value}")

    yield change
    with connection.cursor() as cursor:
        for name, value in reversed(before.items()):
            cursor.execute(f"SET GLOBAL {name} = {value}")


@pytest.fixture
def shop(client_as: ClientAs) -> APIClient:
    return client_as(Role.SHOP)


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "k"}], ids=["without a key", "with a key"])
def test_a_read_only_server_is_503_and_not_ready_until_it_is_not(
    shop: APIClient, client_as: ClientAs, set_global: SetGlobal, key: dict[str, str]
) -> None:
    customer = client_as(Role.CUSTOMER, 42)
    database()
    set_global(read_only=1, super_read_only=1)  # the second sets the first, too, which would stay
    answer = shop.post("/transactions", ORDER, headers=key)
    assert (answer.status_code, answer.json()["type"], answer["Retry-After"]) == (503, "/problems#unavailable", "5")
    assert customer.get("/transactions").status_code == 200
    assert shop.get("/transactions/none").status_code == 404
    assert shop.get("/transactions").status_code == 503  # that the shop reads of everybody cannot be noted
    with pytest.raises(Down, match=r"takes no changes \(OperationalError 1290\)"):
        database()
    set_global(super_read_only=0, read_only=0)
    database()
    assert shop.post("/transactions", ORDER, headers=key).status_code == 201
    assert Transaction.objects.count() == 1
    assert IdempotencyKey.objects.count() == len(key)


def test_a_lock_on_everything_is_not_ready(shop: APIClient) -> None:
    other = connection.copy()
    with closing(other), other.cursor() as cursor:
        cursor.execute("FLUSH TABLES WITH READ LOCK")
        with pytest.raises(Down, match=r"takes no changes \(OperationalError 1205\)"):
            database()
        cursor.execute("UNLOCK TABLES")
    database()


@pytest.fixture
def account_without_rights() -> Iterator[dict[str, str]]:
    """Name and password of one that may read and write, and no more: offline_mode lets administrators in."""
    account = {"USER": "of_the_test", "PASSWORD": "of the test"}
    with connection.cursor() as cursor:
        cursor.execute("CREATE USER of_the_test IDENTIFIED BY 'of the test'")
        cursor.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON *.* TO of_the_test")
        yield account
        cursor.execute("DROP USER of_the_test")


@pytest.mark.parametrize(
    ("variables", "number"), [({"offline_mode": 1}, 3032), ({"max_user_connections": 1}, 1203)], ids=str
)
def test_a_server_that_lets_nobody_in_is_an_outage(
    set_global: SetGlobal, account_without_rights: dict[str, str], variables: dict[str, int], number: int
) -> None:
    first, second = connection.copy(), connection.copy()
    for each in (first, second):
        each.settings_dict = connection.settings_dict | account_without_rights
    with closing(first), closing(second):
        set_global(**variables)
        with pytest.raises(OperationalError) as caught:
            _both_come_in(first, second)
    assert caught.value.args[0] == number
    assert is_transient(caught.value)


def _both_come_in(first: Any, second: Any) -> None:
    first.ensure_connection()
    second.ensure_connection()
