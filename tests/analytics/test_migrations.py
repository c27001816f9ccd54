"""Tables of totals of before are those in the order of hours afterwards, and can be brought back."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from analytics.models import HourlyTotal, ShopHour
from analytics.windows import SUMS

TWO = datetime(2026, 11, 22, 14, tzinfo=UTC)
HOURS = [
    datetime(1000, 1, 1, tzinfo=UTC),
    datetime(1969, 12, 31, 23, tzinfo=UTC),
    TWO,
    TWO + timedelta(hours=1),
    datetime(9999, 12, 31, 23, tzinfo=UTC),
]
BEFORE, MOVED, NOW = "0004_fill_shop_hours", "0006_move_totals", "0007_replace_totals"
ROWS = sorted((hour, user, 2**20 * user, -user, 3, 4, 5) for user in (9, 7, 2**31 - 1) for hour in HOURS)
SHOP = [(hour, *range(place, place + 5)) for place, hour in enumerate(HOURS)]


def migrate(name: str) -> Any:
    """To this migration; returns the models as they are then."""
    executor = MigrationExecutor(connection)
    executor.migrate([("analytics", name)])
    return MigrationExecutor(connection).loader.project_state([("analytics", name)]).apps


@pytest.fixture
def before(transactional_db: None) -> Iterator[Any]:
    yield migrate(BEFORE)
    migrate(NOW)


def test_what_stood_there_stands_there_as_hours_and_can_be_brought_back(before: Any) -> None:
    totals, shop = before.get_model("analytics", "HourlyTotal"), before.get_model("analytics", "ShopHour")
    columns = ("hour", "user_id", *SUMS)
    totals.objects.bulk_create(totals(**dict(zip(columns, row, strict=True))) for row in reversed(ROWS))
    shop.objects.bulk_create(shop(**dict(zip(("hour", *SUMS), row, strict=True))) for row in SHOP)
    migrate(NOW)
    assert list(HourlyTotal.objects.order_by("hour", "user_id").values_list(*columns)) == ROWS
    assert list(ShopHour.objects.order_by("hour").values_list("hour", *SUMS)) == SHOP
    migrate(BEFORE)
    assert list(totals.objects.order_by("hour", "user_id").values_list(*columns)) == ROWS
    assert list(shop.objects.order_by("hour").values_list("hour", *SUMS)) == SHOP


def test_a_move_that_was_ended_begins_anew(before: Any) -> None:
    totals = before.get_model("analytics", "HourlyTotal")
    totals.objects.create(hour=TWO, user_id=7, total_cents=5)
    moved = migrate(MOVED).get_model("analytics", "NewHourlyTotal")
    moved.objects.create(hour=TWO, user_id=8, total_cents=99)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'analytics' AND name = %s", [MOVED])
    migrate(MOVED)
    assert list(moved.objects.values_list("hour", "user_id", "total_cents")) == [(TWO, 7, 5)]
