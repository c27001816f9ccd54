"""The short way by which orders are read says what the serializer says, or leaves it to the serializer."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

import events
from api.renderers import encoded
from events.time import whole_millis
from transactions import answers
from transactions.models import Transaction
from transactions.orders import plain_order, plain_orders
from transactions.rows import insert_orders
from transactions.serializers import NewTransaction, TransactionSerializer

NOW = whole_millis(timezone.now())

ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.decimals(allow_nan=False), st.lists(st.integers())
)
USERS = st.integers(-1, 2**31) | ODD
AMOUNTS = (
    st.decimals(-1, 10**12 + 1, places=2).map(str)
    | st.decimals(0, 10**6, places=3)
    | st.integers(-1, 10**12 + 1)
    | st.sampled_from(["1", "01.50", "1.5", "+1.50", "1.", ".5", " 1.50", "1.50\n", "1e3", "-0.00", "１.00", "9" * 13])
    | ODD
)
IDS = st.from_regex(r"[A-Za-z0-9._~-]{1,64}", fullmatch=True) | st.sampled_from([".", "..", "a\n", "é", "x" * 65]) | ODD
STATUSES = st.sampled_from(["PENDING", "SUCCESS", "FAILED", "REFUNDED", "pending", "SUCCESS "]) | ODD
FROM, TO = datetime(1980, 1, 1), datetime(2030, 1, 1)  # noqa: DTZ001 - hypothesis wants them so
MOMENTS = (
    st.datetimes(FROM, TO, timezones=st.just(UTC)).map(datetime.isoformat)
    | st.sampled_from(["2025-01-31T23:59:59.5Z", "2025-01-31t23:59:59z", "2025-02-30T00:00:00Z", "2025-01-31"])
    | ODD
)
ORDERS = st.fixed_dictionaries(
    {"user_id": USERS, "amount": AMOUNTS},
    optional={"order_id": IDS, "status": STATUSES, "timestamp": MOMENTS, "note": ODD},
)


def by_serializer(data: Any) -> events.Transaction | None:
    serializer = NewTransaction(data=data)
    if not serializer.is_valid():
        return None
    return events.Transaction(**(serializer.validated_data | {"amount": float(serializer.validated_data["amount"])}))


@given(ORDERS)
def test_what_is_plainly_an_order_is_what_the_serializer_makes_of_it(data: dict[str, Any]) -> None:
    plain = plain_order(data, NOW)
    if plain is not None:
        given_id = {"order_id": plain.order_id, "timestamp": plain.timestamp.isoformat()}
        assert by_serializer(given_id | data) == plain


@pytest.mark.parametrize(
    "data",
    [
        {"user_id": 1, "amount": "12.30"},
        {"user_id": 0, "amount": 12},
        {"user_id": 2**31 - 1, "amount": "999999999999.99", "status": "SUCCESS"},
        {"user_id": 7, "amount": "0.00", "order_id": "A-1", "timestamp": "2025-01-31T23:59:59.5+01:00"},
    ],
)
def test_what_shops_send_goes_the_short_way(data: dict[str, Any]) -> None:
    assert plain_order(data, NOW) is not None


def test_an_order_without_id_and_time_gets_a_new_id_and_now() -> None:
    one, other = plain_orders([{"user_id": 1, "amount": "1.00"}] * 2, NOW)
    assert one.timestamp == other.timestamp == NOW
    assert one.order_id < other.order_id


def test_a_list_with_one_order_that_is_not_plain_goes_the_long_way_as_a_whole() -> None:
    plain = {"user_id": 1, "amount": "1.00"}
    assert plain_orders([plain, plain | {"amount": Decimal("1.50")}], NOW) == []
    assert plain_orders([plain | {"order_id": "a"}, plain | {"order_id": "a"}], NOW) == []
    ahead = (NOW + timedelta(days=2)).isoformat()
    assert plain_orders([plain | {"timestamp": ahead}], NOW) == []


@pytest.mark.django_db
def test_answers_are_what_the_serializer_writes() -> None:
    order = events.Transaction("a-1", 7, 12.3, events.Status.SUCCESS, datetime(2026, 1, 2, 3, 4, 5, 6000, UTC))
    recorded_at = insert_orders([order])
    row = Transaction.objects.get()
    by_truth = encoded(TransactionSerializer(row).data)
    assert encoded(answers.of_row(row)) == by_truth
    assert encoded(answers.of_new(order, recorded_at)) == by_truth
    assert encoded(answers.of_columns(Transaction.objects.values(*answers.FIELDS).get())) == by_truth
