"""How many rows each table has when the largest have so many. Pure."""

SIZES = (10_000, 500_000, 5_000_000)
HOURS_OF_A_USER = 25


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
    }
