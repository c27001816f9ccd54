from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from analytics.selectors import latest_hours
from analytics.services import add_to_hourly_totals
from analytics.windows import Sums
from tests.databases import reads_plans

TWO = datetime(2026, 11, 22, 14, tzinfo=UTC)
HOUR = timedelta(hours=1)

pytestmark = pytest.mark.django_db


def test_the_latest_hours_add_all_users_together_and_ascend() -> None:
    add_to_hourly_totals(
        totals={
            (7, TWO): Sums(1000, 1, 1000),
            (8, TWO): Sums(-250, 2, 0, 5, 250),
            (8, TWO - HOUR): Sums(1, 1),
        }
    )
    assert latest_hours(24) == [
        {
            "hour": TWO - HOUR,
            "total_amount": Decimal("0.01"),
            "transaction_count": 1,
            "settled_amount": 0,
            "failed_amount": 0,
            "refunded_amount": 0,
        },
        {
            "hour": TWO,
            "total_amount": Decimal("7.50"),
            "transaction_count": 3,
            "settled_amount": Decimal(10),
            "failed_amount": Decimal("0.05"),
            "refunded_amount": Decimal("2.50"),
        },
    ]


def test_only_hours_with_data_count_however_long_ago() -> None:
    long_ago = datetime(1997, 1, 1, tzinfo=UTC)
    add_to_hourly_totals(totals={(user, long_ago + n * HOUR): Sums(n) for n in (0, 1, 24, 72) for user in (7, 8)})
    assert [row["hour"] for row in latest_hours(3)] == [long_ago + n * HOUR for n in (1, 24, 72)]
    assert [row["hour"] for row in latest_hours(1)] == [long_ago + 72 * HOUR]


def test_no_data_is_no_hours() -> None:
    assert latest_hours(24) == []


@reads_plans
def test_the_latest_hours_are_the_last_of_the_shops_and_no_users_total_is_read() -> None:
    add_to_hourly_totals(totals={(user, TWO): Sums(1) for user in range(10)})
    with CaptureQueriesContext(connection) as queries:
        latest_hours(24)
    [query] = queries.captured_queries
    with connection.cursor() as cursor:
        plan = str(cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}").fetchall())
    assert "analytics_shophour" in plan
    assert "hourlytotal" not in plan
    assert "TEMP B-TREE" not in plan
