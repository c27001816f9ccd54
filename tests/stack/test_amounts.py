"""On MySQL, the columns of amounts are as fine as the currency, and say so to whoever starts."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest
from django.db import connection

from native.driving.embedded import ROOT

SELLS = """
from datetime import UTC, datetime
from django.db import connection
from analytics.models import HourlyTotal
from analytics.services import add_to_hourly_totals
from analytics.windows import hourly_totals
from events import Status, Transaction
from transactions.models import Transaction as Row
from transactions.refunds import refund_order
from transactions.services import create_transactions
at = datetime(2026, 11, 22, 12, tzinfo=UTC)
amounts = [1.234, 0.001, 99_999_999_999.999]
orders = [Transaction(f"a-{n}", 7, amount, Status.SUCCESS, at) for n, amount in enumerate(amounts)]
create_transactions(orders=orders)
refund_order(order_id="a-0", amount=Row.objects.get(order_id="a-1").amount)
for _ in range(2):
    add_to_hourly_totals(totals=hourly_totals(orders))
with connection.cursor() as cursor:
    cursor.execute(
        "SELECT column_type FROM information_schema.columns"
        " WHERE table_schema = 'thousandths' AND column_name IN ('amount', 'refunded_amount')"
    )
    print({kind for kind, in cursor.fetchall()})
print([str(row.amount) for row in Row.objects.filter(kind="ORDER").order_by("order_id")])
print(Row.objects.get(order_id="a-0").refunded_amount, HourlyTotal.objects.get().total_cents)
"""


def run(address: str, currency: str, *command: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"DATABASE_URL": address, "CURRENCY": currency}
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture
def empty_database(django_db_setup: None) -> Iterator[str]:
    """The URL of one."""
    named = connection.settings_dict
    user, password, socket = named["USER"], named["PASSWORD"], named["OPTIONS"]["unix_socket"]
    import MySQLdb  # is installed where MySQL is, and not before

    with closing(MySQLdb.connect(unix_socket=socket, user=user, password=password)) as server:
        server.query("CREATE DATABASE thousandths CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin")
        yield f"mysql://{user}:{password}@localhost/thousandths?unix_socket={socket}"
        server.query("DROP DATABASE thousandths")


def test_thousandths_are_columns_of_three_decimals_and_exact(empty_database: str) -> None:
    assert run(empty_database, "KWD", "migrate", "-v0").stderr == ""
    told = run(empty_database, "KWD", "shell", "--no-imports", "-c", SELLS)
    assert told.stdout.splitlines() == [
        "{'decimal(18,3)'}",
        "['1.234', '0.001', '99999999999.999']",
        "0.001 200000000002468",
    ], told.stderr
    assert run(empty_database, "KWD", "makemigrations", "--check", "--dry-run").stdout == "No changes detected\n"
    refused = run(empty_database, "EUR", "migrate")
    assert refused.returncode == 1
    assert "The database thousandths keeps amounts in thousandths, and CURRENCY=EUR needs hundredths" in refused.stderr
