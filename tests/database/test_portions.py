from typing import Any

import pytest

from database.portions import (
    ASKED_AT_ONCE,
    portions,
    portions_of_groups,
    portions_of_table,
    rows_among,
    values_among,
)
from streaming.models import OutboxMessage


def test_items_come_so_many_at_a_time_and_the_rest_last() -> None:
    assert list(portions([1, 2, 3, 4, 5], 2)) == [[1, 2], [3, 4], [5]]
    assert list(portions([], 2)) == []


def test_groups_are_not_divided_between_portions() -> None:
    groups = [[1], [2, 3], [4, 5, 6, 7], [8], [9]]
    assert list(portions_of_groups(groups, 3)) == [[1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert list(portions_of_groups([], 3)) == []


@pytest.mark.django_db
@pytest.mark.parametrize("rows", [0, 1, 2, 3, 4, 5])
def test_a_table_comes_in_portions_of_so_many_rows_whatever_its_ids(rows: int) -> None:
    ids = [1, 2, 1_000_000, 2_000_000_000, 2**40][:rows]
    OutboxMessage.objects.bulk_create(OutboxMessage(pk=pk, topic="t", message_key="k", payload=b"") for pk in ids)
    found = [sorted(each.values_list("pk", flat=True)) for each in portions_of_table(OutboxMessage.objects.all(), 2)]
    assert found == [list(each) for each in portions(ids, 2)]


@pytest.mark.django_db
def test_rows_of_many_values_are_asked_for_in_portions(django_assert_num_queries: Any) -> None:
    OutboxMessage.objects.bulk_create(OutboxMessage(topic="t", message_key=str(n), payload=b"") for n in range(3))
    with django_assert_num_queries(3):
        found = list(rows_among(OutboxMessage.objects.all(), "message_key", map(str, range(2 * ASKED_AT_ONCE + 1))))
    assert sorted(each.message_key for each in found) == ["0", "1", "2"]


@pytest.mark.django_db
def test_rows_of_no_value_are_not_asked_for(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert list(rows_among(OutboxMessage.objects.all(), "message_key", [])) == []


@pytest.mark.django_db
def test_values_of_many_are_asked_for_in_portions(django_assert_num_queries: Any) -> None:
    OutboxMessage.objects.bulk_create(
        OutboxMessage(topic=topic, message_key=str(n), payload=b"") for topic in "tu" for n in range(3)
    )
    rows = OutboxMessage.objects.filter(topic="t").values_list("message_key", "topic")
    with django_assert_num_queries(3):
        found = list(values_among(rows, "message_key", map(str, range(2 * ASKED_AT_ONCE + 1))))
    assert sorted(found) == [("0", "t"), ("1", "t"), ("2", "t")]
    with django_assert_num_queries(0):
        assert list(values_among(rows, "message_key", [])) == []


@pytest.mark.django_db
def test_values_are_not_asked_for_by_a_query_that_ends_otherwise() -> None:
    rows = OutboxMessage.objects.order_by("pk")[:2].values_list("message_key")
    with pytest.raises((TypeError, ValueError)):
        list(values_among(rows, "message_key", ["a"]))
    with pytest.raises(ValueError, match="does not end"):
        list(values_among(OutboxMessage.objects.order_by("pk").values_list("message_key"), "message_key", ["a"]))
