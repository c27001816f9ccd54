"""What every stage must show after a known input, worked out from the input alone, with none of the platform's sums."""

import csv
import gzip
import json
import sqlite3
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from events.money import Ledger
from native.loopback import urlopen

FRAUD_LIMIT = Decimal("10000000")

KINDS = {"PENDING": "ORDER_CREATED", "SUCCESS": "ORDER_PAID", "FAILED": "ORDER_FAILED"}


@dataclass(frozen=True)
class Order:
    order_id: str
    user_id: int
    amount: Decimal
    status: str
    hour: str
    """its UTC hour, as 2026-11-22 14"""


@dataclass(frozen=True)
class Comparison:
    """One line of the table: what was compared, what the input demands, what is there."""

    stage: str
    expected: str
    found: str
    equal: bool


def orders_of_file(file: Path) -> list[Order]:
    """The orders of the file of purchases: one a row, paid, at midnight UTC."""
    prefix = file.name.split(".")[0]
    with gzip.open(file, "rt") as lines:
        return [
            Order(f"{prefix}-{n:06d}", int(row["customer_id"]), Decimal(row["amount"]), "SUCCESS", f"{row['date']} 00")
            for n, row in enumerate(csv.DictReader(lines), start=1)
        ]


def hourly(orders: Iterable[Order]) -> dict[tuple[int, str], tuple[Decimal, int, Decimal, Decimal]]:
    """(user, hour) → total, count, settled, failed."""
    totals: dict[tuple[int, str], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 4)
    for order in orders:
        paid = order.amount if order.status == "SUCCESS" else Decimal(0)
        failed = order.amount if order.status == "FAILED" else Decimal(0)
        row = totals[order.user_id, order.hour]
        totals[order.user_id, order.hour] = [row[0] + order.amount, row[1] + 1, row[2] + paid, row[3] + failed]
    return {key: (total, int(count), paid, failed) for key, (total, count, paid, failed) in totals.items()}


def compare(orders: list[Order], database: Path, api: str, token: str) -> list[Comparison]:
    """Hold every stage against the orders that went in."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return [
            *_rows(orders, connection),
            *_alerts(orders, connection),
            *_totals(orders, connection),
            *_notifications(orders, connection),
            *_searches(orders, api, token),
            _outbox(connection),
        ]
    finally:
        connection.close()


def _same(stage: str, expected: object, found: object) -> Comparison:
    return Comparison(stage, _shown(expected), _shown(found), expected == found)


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | Decimal) else str(value)


def _in_full(stage: str, expected: Mapping[Any, Any], found: Mapping[Any, Any]) -> Comparison:
    """Compare item by item, and show how many there are and how many differ."""
    differing = sum(expected.get(key) != found.get(key) for key in expected.keys() | found.keys())
    return Comparison(stage, f"{len(expected):,} alike", f"{len(found):,}, {differing:,} differing", not differing)


def _amount(value: object) -> Decimal:
    return Decimal(str(value))


def _rows(orders: list[Order], db: sqlite3.Connection) -> list[Comparison]:
    found = {
        order_id: (user_id, _amount(amount), status, kind)
        for order_id, user_id, amount, status, kind in db.execute(
            "SELECT order_id, user_id, amount, status, kind FROM transactions"
        )
    }
    expected = {o.order_id: (o.user_id, o.amount, o.status, "ORDER") for o in orders}
    return [
        _in_full("recorded rows, field by field", expected, found),
        _same(
            "sum of recorded amounts", sum(o.amount for o in orders), sum((row[1] for row in found.values()), Decimal())
        ),
    ]


def _alerts(orders: list[Order], db: sqlite3.Connection) -> list[Comparison]:
    found = {
        order_id: _amount(amount) for order_id, amount in db.execute("SELECT order_id, amount FROM fraud_fraudalert")
    }
    expected = {o.order_id: o.amount for o in orders if o.amount > FRAUD_LIMIT}
    return [_in_full(f"fraud alerts (above {FRAUD_LIMIT:,})", expected, found)]


def _totals(orders: list[Order], db: sqlite3.Connection) -> list[Comparison]:
    parts = Ledger.currency.parts
    found = {
        (user_id, hour[:13]): (Decimal(total) / parts, count, Decimal(settled) / parts, Decimal(failed) / parts)
        for user_id, hour, total, count, settled, failed in db.execute(
            "SELECT user_id, datetime(hour * 3600, 'unixepoch'), total_cents, transaction_count, settled_cents,"
            " failed_cents FROM analytics_hourlytotal"
        )
    }
    expected = hourly(orders)
    return [
        _in_full("totals per user and hour, to the cent", expected, found),
        _same(
            "sum of all hourly totals",
            sum(o.amount for o in orders),
            sum((row[0] for row in found.values()), Decimal()),
        ),
    ]


def _notifications(orders: list[Order], db: sqlite3.Connection) -> list[Comparison]:
    investigators = [
        account
        for (account,) in db.execute(
            "SELECT user_id FROM auth_user_groups JOIN auth_group ON auth_group.id = group_id"
            " WHERE name = 'investigator'"
        )
    ]
    expected = Counter((f"customer:{o.user_id}", KINDS[o.status], o.order_id) for o in orders)
    for account in investigators:
        expected.update((f"account:{account}", "FRAUD_ALERT", o.order_id) for o in orders if o.amount > FRAUD_LIMIT)
    found = Counter(db.execute("SELECT recipient, kind, order_id FROM notifications_notification").fetchall())
    return [_in_full("notifications, each once", expected, found)]


def _searches(orders: list[Order], api: str, token: str) -> list[Comparison]:
    busiest, _ = Counter(o.user_id for o in orders).most_common(1)[0]
    queries: list[tuple[dict[str, Any], int]] = [
        ({}, len(orders)),
        ({"user_id": busiest}, sum(o.user_id == busiest for o in orders)),
        ({"status": "FAILED"}, sum(o.status == "FAILED" for o in orders)),
        ({"amount": {"gte": "100.00", "lte": "200.00"}}, sum(100 <= o.amount <= 200 for o in orders)),
        (
            {"timestamp": {"gte": "1998-01-01T00:00:00Z", "lt": "1998-02-01T00:00:00Z"}},
            sum(o.hour.startswith("1998-01") for o in orders),
        ),
    ]
    return [_same(f"search: {query}", expected, _search_total(query, api, token)) for query, expected in queries]


def _search_total(query: Mapping[str, Any], api: str, token: str) -> int:
    request = urllib.request.Request(
        f"{api}/search/transactions",
        data=json.dumps({**query, "size": 1, "facets": ["kind"]}).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
    )
    with urlopen(request, timeout=30) as answer:
        # The total itself is counted up to ten thousand only.
        return sum(int(each["count"]) for each in json.load(answer)["facets"]["kind"])


def _outbox(db: sqlite3.Connection) -> Comparison:
    return _same("messages left in the outbox", 0, db.execute("SELECT count(*) FROM outbox").fetchone()[0])
