from datetime import UTC, datetime

import pytest

from config.moments import read_utc


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [("2026-11-28 09:29:20", 0), ("2026-11-28 09:29:20.812", 812_000), ("2026-11-28 09:29:20.000001", 1)],
)
def test_a_column_of_moments_is_read_in_utc(text: str, microsecond: int) -> None:
    moment = read_utc(text)
    assert moment == datetime(2026, 11, 28, 9, 29, 20, microsecond, UTC)
    # The very zone by which others tell that a moment is in UTC.
    assert moment.tzinfo is UTC


def test_no_moment_is_read_as_none() -> None:
    assert read_utc("0000-00-00 00:00:00.000000") is None
