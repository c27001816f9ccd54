"""The shop's hours are the sums of their users' totals, whatever is added, corrected and forgotten, in any order."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from analytics.models import HourlyTotal, ShopHour
from analytics.selectors import latest_hours, missing_in_shop, shop_hours, sums_by_hour
from analytics.services import (
    add_to_hourly_totals,
    correct_hourly_totals,
    correct_shop_hours,
    forget_empty_hours,
)
from analytics.windows import NOTHING, Sums, UserHour
from database.portions import portions_of_table

TWO = datetime(2026, 11, 22, 14, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOTHING_IN_IT = dict.fromkeys(
    ("total_cents", "transaction_count", "settled_cents", "failed_cents", "refunded_cents"), 0
)

pytestmark = pytest.mark.django_db

Totals = dict[UserHour, Sums]
Change = Callable[[Totals], object]


def add(totals: Totals) -> None:
    add_to_hourly_totals(totals=totals)


def take_back(totals: Totals) -> None:
    add_to_hourly_totals(totals={key: NOTHING - sums for key, sums in totals.items()})
    forget_empty_hours(of=totals.keys())


def correct(totals: Totals) -> None:
    correct_hourly_totals(by=totals)


def forget(totals: Totals) -> None:
    forget_empty_hours(of=totals.keys())


KEYS = st.tuples(st.integers(1, 3), st.integers(0, 2).map(lambda hours: TWO + hours * HOUR))
SUMS = st.builds(Sums, *(st.integers(-3, 3) for _ in range(5)))
CHANGES = st.tuples(st.sampled_from([add, take_back, correct, forget]), st.dictionaries(KEYS, SUMS, max_size=4))


@given(st.lists(CHANGES, max_size=8))
def test_they_are_so_after_any_changes(changes: list[tuple[Change, Totals]]) -> None:
    with transaction.atomic():
        for change, totals in changes:
            change(totals)
        kept = {hour: sums for hour, sums in shop_hours().items() if sums != NOTHING}
        assert kept == {hour: sums for hour, sums in sums_by_hour().items() if sums != NOTHING}
        transaction.set_rollback(True)


def test_an_hour_to_which_nothing_adds_up_any_more_is_shown_no_longer() -> None:
    add({(7, TWO): Sums(5, 1), (8, TWO): Sums(6, 1), (7, TWO + HOUR): Sums(7, 1)})
    take_back({(7, TWO): Sums(5, 1), (8, TWO): Sums(6, 1)})
    assert [row["hour"] for row in latest_hours(36)] == [TWO + HOUR]


def test_a_thousand_hours_are_forgotten_at_once() -> None:
    totals = {(user, TWO + user * HOUR): Sums(1) for user in range(1100)}
    add(totals)
    take_back(totals)
    assert not ShopHour.objects.exists()
    assert not HourlyTotal.objects.exists()


def test_what_is_corrected_behind_our_back_is_found_missing_and_added_once() -> None:
    add({(7, TWO): Sums(5, 1), (8, TWO): Sums(6, 1)})
    HourlyTotal.objects.filter(user_id=8).update(total_cents=16)
    assert missing_in_shop([TWO, TWO + HOUR]) == {TWO: Sums(10)}
    assert correct_shop_hours(hours=[TWO, TWO + HOUR]) == {TWO: Sums(10)}
    assert correct_shop_hours(hours=[TWO, TWO + HOUR]) == {}
    assert shop_hours() == {TWO: Sums(21, 2)}


def test_a_migration_adds_up_what_was_there_before_also_after_one_that_was_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    filling = import_module("analytics.migrations.0004_fill_shop_hours")
    monkeypatch.setattr(filling, "portions_of_table", partial(portions_of_table, size=3))
    add({(user, TWO + user % 3 * HOUR): Sums(user, 1, 2, 3, 4) for user in range(20)})
    right = shop_hours()
    ShopHour.objects.filter(hour__gt=TWO).delete()
    ShopHour.objects.create(hour=TWO - HOUR, **NOTHING_IN_IT)
    filling.add_up(apps, SimpleNamespace(connection=connection))
    assert shop_hours() == right
