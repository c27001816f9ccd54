from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from events import Status, Transaction

Orders = Callable[..., list[Transaction]]


@pytest.fixture
def orders() -> Orders:
    """Makes orders a-0, a-1, … of ten users, a cent more each."""

    def make(count: int, prefix: str = "a") -> list[Transaction]:
        start = datetime(2026, 11, 1, tzinfo=UTC)
        return [
            Transaction(f"{prefix}-{n}", n % 10, n / 100, Status.SUCCESS, start + timedelta(minutes=n))
            for n in range(count)
        ]

    return make
