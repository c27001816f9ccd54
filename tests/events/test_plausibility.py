from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from events import ImpossibleEvent, Status, Transaction, check_plausible

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ORDER = Transaction("a-1", 7, 12.5, Status.SUCCESS, NOW)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"user_id": 0},
        {"amount": -12.5},
        {"amount": 1e12},
        {"order_id": "x" * 64},
        {"timestamp": NOW + timedelta(days=1)},
        {"timestamp": datetime(1990, 1, 1, tzinfo=UTC)},
        {"user_id": 2**31 - 1},
        {"amount": 1e12 + 0.004},
    ],
)
def test_possible_events_pass(change: dict[str, Any]) -> None:
    check_plausible(replace(ORDER, **change), received_at=NOW)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"user_id": -1}, "user_id -1 is negative"),
        ({"amount": float("nan")}, "amount nan"),
        ({"amount": float("inf")}, "amount inf"),
        ({"amount": -float("inf")}, "amount -inf"),
        ({"amount": 1.01e12}, "is beyond"),
        ({"order_id": ""}, "order_id has 0 characters"),
        ({"order_id": "x" * 65}, "order_id has 65 characters"),
        ({"timestamp": NOW + timedelta(days=1, milliseconds=1)}, "more than a day after"),
        ({"timestamp": datetime(1989, 12, 31, tzinfo=UTC)}, "before 1990-01-01"),
        ({"timestamp": datetime(1970, 1, 21, tzinfo=UTC)}, "before 1990-01-01"),
        ({"user_id": 2**31}, "user_id 2147483648 is beyond 2147483647"),
        ({"amount": 1e12 + 0.01}, "is beyond"),
        ({"amount": 1e308}, "is beyond"),
        ({"amount": -1.7e308}, "is beyond"),
    ],
)
def test_impossible_events_are_refused_with_the_reason(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ImpossibleEvent, match=reason):
        check_plausible(replace(ORDER, **change), received_at=NOW)


def test_a_clock_at_the_end_of_the_calendar_stops_nobody() -> None:
    """Where a topic lets producers say when a record came, they may say anything."""
    check_plausible(ORDER, received_at=datetime(9999, 12, 31, 23, 59, tzinfo=UTC))
