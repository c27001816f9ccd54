from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analytics.models import HourlyTotal
from analytics.services import add_to_hourly_totals
from analytics.windows import HOUR, Sums, from_hours, hour_of, in_hours

TWO = datetime(2026, 11, 22, 14, tzinfo=UTC)
FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, tzinfo=UTC)
moments = st.datetimes(timezones=st.just(UTC))


@given(moments)
@example(FIRST)
@example(LAST + timedelta(minutes=59, seconds=59, microseconds=999_999))
@example(datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC))
def test_an_hour_is_the_same_after_it_was_counted_from_1970(moment: datetime) -> None:
    assert from_hours(in_hours(moment)) == hour_of(moment)
    assert in_hours(moment) == in_hours(hour_of(moment))


@pytest.mark.django_db
def test_hours_are_read_as_they_were_written_from_the_calendars_first_to_its_last() -> None:
    hours = [FIRST, datetime(1969, 12, 31, 23, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC), TWO, LAST]
    add_to_hourly_totals(totals={(7, hour): Sums(1) for hour in reversed(hours)})
    assert list(HourlyTotal.objects.order_by("hour").values_list("hour", flat=True)) == hours
    in_kolkata = TWO.astimezone(timezone(timedelta(hours=5)))
    assert HourlyTotal.objects.get(hour=in_kolkata).hour == TWO


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("moment", "begun"),
    [
        (TWO, 2),
        (TWO + timedelta(microseconds=1), 1),
        (TWO + HOUR, 1),
        (TWO + HOUR + timedelta(minutes=59), 0),
        (FIRST, 2),
        (LAST + timedelta(minutes=59), 0),
    ],
)
def test_hours_from_a_moment_on_begin_there_or_later(moment: datetime, begun: int) -> None:
    add_to_hourly_totals(totals={(7, TWO): Sums(1), (7, TWO + HOUR): Sums(1)})
    assert HourlyTotal.objects.filter(hour__gte=moment).count() == begun
    assert HourlyTotal.objects.filter(hour__lt=moment).count() == 2 - begun


@pytest.mark.django_db
@pytest.mark.parametrize("lookup", ["hour", "hour__gt", "hour__lte", "hour__in"])
def test_what_is_no_beginning_of_an_hour_is_refused(lookup: str) -> None:
    moment = TWO + timedelta(minutes=1)
    with pytest.raises(ValueError, match=r"14:01:00.* is not the beginning of an hour"):
        HourlyTotal.objects.filter(**{lookup: [moment] if lookup == "hour__in" else moment}).exists()
