"""How many rows each table has when the largest have so many. Pure."""

from collections.abc import Collection, Iterable

SIZES = (10_000, 500_000, 5_000_000)
HOURS_OF_A_USER = 25

MINUTES_OF_A_SIZE = 0.7
MINUTES_OF_A_MILLION = {"SQLite": 0.7, "MySQL": 1.4}
MINUTES_WITH_KAFKA = 1.5


def minutes(databases: Iterable[str], sizes: Collection[int]) -> float:
    """About so long a run takes on two quiet cores."""
    return sum(
        MINUTES_WITH_KAFKA + sum(MINUTES_OF_A_SIZE + rows / 1e6 * MINUTES_OF_A_MILLION[each] for rows in sizes)
        for each in databases
    )


def volumes(rows: int) -> dict[str, int]:
    """By the options of bench.filling; rows: of transactions and hourly totals."""
    return {
        "transactions": rows,
        "hourly-totals": rows,
        "users": max(1, rows // HOURS_OF_A_USER),
        "alerts": min(rows // 50, 100_000),
        "notifications": min(rows * 2 // 5, 2_000_000),
        "outbox": min(rows // 5, 1_000_000),
        "keys": min(rows // 50, 100_000),
        "audit-lines": min(rows * 2 // 5, 2_000_000),
    }
