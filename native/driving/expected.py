"""What every stage must show: an account of what went in, kept by who sent it, with none of the platform's sums."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from transactions.simulator import mock_orders

LIMIT = Decimal(10_000_000)
Cents = int


def cents(amount: Any) -> Cents:
    return int(Decimal(str(amount)).quantize(Decimal("0.01")) * 100)


def hour(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H}"


@dataclass
class Expected:
    rows: dict[str, tuple[int, Cents, str]] = field(default_factory=dict)
    """order_id → user, cents, present status, also of rows that were deleted in MySQL later"""
    deleted: set[str] = field(default_factory=set)
    sent: Counter[str] = field(default_factory=Counter)
    """order ids of the records of `transactions`"""
    changes: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(order id, status) of the records of `transactions.status`"""
    totals: dict[tuple[int, str], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0] * 5))
    """(user, hour) → total, count, settled, failed, refunded"""

    def transaction(self, order_id: str, user: int, amount: Any, status: str, at: datetime) -> None:
        self.rows[order_id] = (user, cents(amount), status)
        self.sent[order_id] += 1
        sums = self.totals[user, hour(at)]
        sums[0] += cents(amount)
        sums[1] += 1
        self._reached(status, user, cents(amount), at)

    def change(self, order_id: str, status: str, at: datetime) -> None:
        user, amount, _ = self.rows[order_id]
        self.rows[order_id] = (user, amount, status)
        self.changes[order_id, status] += 1
        self._reached(status, user, amount, at)

    def _reached(self, status: str, user: int, amount: Cents, at: datetime) -> None:
        sums = self.totals[user, hour(at)]
        if status == "SUCCESS":
            sums[2 if amount >= 0 else 4] += abs(amount)
        elif status == "FAILED":
            sums[3] += abs(amount)

    def mock(self, count: int, seed: int, start: datetime, rate: float) -> None:
        """The orders that run_producer sends for these arguments."""
        for order in islice(mock_orders(seed=seed, start=start, per_second=rate), count):
            self.transaction(order.order_id, order.user_id, order.amount, order.status.value, order.timestamp)

    @property
    def alerts(self) -> set[tuple[str, Cents]]:
        return {(order_id, amount) for order_id, (_, amount, _) in self.rows.items() if amount > LIMIT * 100}

    @property
    def kept(self) -> dict[str, tuple[int, Cents, str]]:
        """The rows that are still in MySQL."""
        return {order_id: row for order_id, row in self.rows.items() if order_id not in self.deleted}
