"""What the tables of a shop hold that has been open for long: a description of each, as SQL makes it fast. Pure.

A description names a table and, of its columns, those that Django does not leave empty: each with an expression in
which `n` is the row's number, from 1 on. Whoever changes a table changes it here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bench.filling.dialects import Dialect

HOUR, DAY = 3600, 86400
SPAN = 365 * DAY
"""Over so long the shop has taken its orders."""
BETWEEN_HOURS = 28 * HOUR
"""Every user has bought in the same hours, which is the worst case for sums over all users."""


@dataclass(frozen=True, slots=True)
class Volume:
    """How many rows each table gets, and between how many users they are shared.

    now: when the last of them was written. payload: an outbox message, as hexadecimal digits.
    """

    transactions: int
    hourly_totals: int
    users: int
    now: datetime
    payload: str = "00"
    alerts: int = 0
    notifications: int = 0
    outbox: int = 0
    keys: int = 0
    accounts: Mapping[str, int] = field(default_factory=dict)
    """ids of accounts, by role"""

    @property
    def second(self) -> int:
        return int(self.now.timestamp())

    @property
    def newest_hour(self) -> int:
        return self.second - self.second % HOUR


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    rows: Callable[[Volume], int]
    columns: Callable[[Dialect, Volume], Mapping[str, str]]


def spread_over(span: int, rows: int, volume: Volume) -> str:
    """Seconds since 1970 of row n, where the last row is of now."""
    return f"({volume.second} - ({rows} - n) * {span} DIV {rows})"


def drawn(rows: int, salt: int = 0) -> str:
    """A number from 0 to rows - 1 that looks drawn, and is the same for the same n."""
    scattered = f"((n + {salt}) * 2654435761 % 4294967291 DIV 7)"
    return f"({scattered} * {scattered} % 4294967291 % {rows})"


def _transactions(dialect: Dialect, volume: Volume) -> Mapping[str, str]:
    seconds = spread_over(SPAN, volume.transactions, volume)
    moment = dialect.moment(seconds)
    percent = drawn(100, 5)
    status = f"CASE WHEN {percent} < 5 THEN 'FAILED' WHEN {percent} < 25 THEN 'PENDING' ELSE 'SUCCESS' END"
    return {
        "id": "n",
        "order_id": dialect.uuid(seconds, "n"),
        "user_id": f"1 + {drawn(volume.users)}",
        "amount": f"(100 + {drawn(99900, 7)}) / 100.0",
        "status": status,
        "entered_as": status,
        "timestamp": moment,
        "kind": "'ORDER'",
        "recorded_at": moment,
        "updated_at": moment,
        "told_offset": "n DIV 3",
        "told_at": moment,
    }


def _hourly_totals(dialect: Dialect, volume: Volume) -> Mapping[str, str]:
    hours = max(1, volume.hourly_totals // volume.users)
    cents = drawn(1_000_000, 3)
    return {
        "id": "n",
        "user_id": f"1 + (n - 1) DIV {hours}",
        "hour": dialect.moment(f"{volume.newest_hour} - (n - 1) % {hours} * {BETWEEN_HOURS}"),
        "total_cents": cents,
        "transaction_count": "1 + n % 5",
        "settled_cents": cents,
        "failed_cents": "0",
        "refunded_cents": "0",
    }


TABLES = (
    Table("transactions", lambda volume: volume.transactions, _transactions),
    Table("analytics_hourlytotal", lambda volume: volume.hourly_totals, _hourly_totals),
)
