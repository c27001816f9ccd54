from datetime import UTC, datetime, timedelta, timezone

import pytest

from events.time import (
    EPOCH,
    MILLISECOND,
    NoSuchMoment,
    NotRFC3339,
    from_micros,
    from_millis,
    from_rfc_3339,
    in_micros,
    in_millis,
    whole_millis,
)

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
BANGKOK = timezone(timedelta(hours=7))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-03-01T12:00:00Z", NOON),
        ("2025-03-01t12:00:00z", NOON),
        ("2025-03-01T19:00:00+07:00", NOON),
        ("2025-03-01T12:00:00.5Z", NOON + timedelta(milliseconds=500)),
        ("2025-03-01T12:00:00.123456789Z", NOON + timedelta(microseconds=123456)),
    ],
)
def test_a_moment_is_read_in_whatever_zone_it_is_written(text: str, expected: datetime) -> None:
    assert from_rfc_3339(text) == expected
    assert from_rfc_3339(text).tzinfo == UTC


@pytest.mark.parametrize(
    "text",
    ["", "2025-03-01", "2025-03-01T12:00:00", "2025-03-01 12:00:00Z", "20250301T120000Z", "2025-03-01T12:00Z",
     "2025-03-01T12:00:00.Z", "2025-03-01T12:00:00+0700", "2025-03-01T12:00:00Z\n", "٢٠٢٥-03-01T12:00:00Z"],
)  # fmt: skip
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(NotRFC3339):
        from_rfc_3339(text)


@pytest.mark.parametrize(
    "text", ["2025-02-30T12:00:00Z", "2025-03-01T25:00:00Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"]
)
def test_a_moment_that_the_calendar_lacks_is_refused(text: str) -> None:
    with pytest.raises(NoSuchMoment):
        from_rfc_3339(text)


def test_whole_milliseconds_are_those_of_the_moment_in_utc() -> None:
    exact = datetime(2025, 3, 1, 19, 0, 0, 1999, BANGKOK)
    assert whole_millis(exact) == NOON + MILLISECOND
    assert whole_millis(exact).tzinfo == UTC


@pytest.mark.parametrize("millis", [0, -1, 1, 1_740_830_400_001, 253_402_300_799_999, -62_135_596_800_000])
def test_milliseconds_come_back_as_they_went(millis: int) -> None:
    assert in_millis(from_millis(millis)) == millis


@pytest.mark.parametrize("micros", [0, -1, 1, 1_740_830_400_000_001, 253_402_300_799_999_999])
def test_microseconds_are_counted_exactly(micros: int) -> None:
    assert in_micros(EPOCH + timedelta(microseconds=micros)) == micros
    assert from_micros(micros) == EPOCH + timedelta(microseconds=micros)


def test_every_millisecond_of_a_second_is_counted_exactly() -> None:
    # As floats of seconds, some of them come to one less.
    assert [in_millis(NOON + n * MILLISECOND) - in_millis(NOON) for n in range(1000)] == list(range(1000))


def test_what_is_finer_than_a_millisecond_is_cut_before_1970_too() -> None:
    assert in_millis(EPOCH + timedelta(microseconds=1999)) == 1
    assert in_millis(EPOCH - timedelta(microseconds=1)) == -1


@pytest.mark.parametrize("millis", [253_402_300_800_000, 2**63 - 1, -(2**63)])
def test_milliseconds_beyond_the_calendar_are_refused(millis: int) -> None:
    with pytest.raises(OverflowError):
        from_millis(millis)
