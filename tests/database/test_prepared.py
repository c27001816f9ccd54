from datetime import UTC, datetime
from typing import Any

import pytest
from django.db.models import Q

from database.prepared import PreparedQuery
from transactions.models import Transaction

pytestmark = pytest.mark.django_db
MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC)
COLUMNS = ("order_id", "amount", "timestamp", "refund_of", "told_at", "told_offset")


@pytest.fixture(autouse=True)
def _rows() -> None:
    for number in range(3):
        Transaction.objects.create(
            order_id=f"a-{number}", user_id=number % 2, amount="12.30", status="SUCCESS", timestamp=MOMENT, kind="ORDER"
        )


def test_it_finds_what_the_query_finds_each_time_it_is_asked(django_assert_num_queries: Any) -> None:
    def of_user(user_id: int) -> Any:
        return Transaction.objects.filter(user_id=user_id).order_by("pk").values_list(*COLUMNS)

    prepared = PreparedQuery(of_user)
    for user_id in (0, 1, 2, 0):
        truth = list(map(list, of_user(user_id)))
        with django_assert_num_queries(1):
            assert prepared.rows(user_id) == truth


def test_a_query_that_takes_its_parameters_otherwise_is_refused() -> None:
    twice = PreparedQuery(
        lambda number: Transaction.objects.filter(Q(user_id=number) | Q(pk=number)).values_list("order_id")
    )
    with pytest.raises(ValueError, match="takes"):
        twice.rows(1)
