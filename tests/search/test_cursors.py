from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.cursors import cursor_after
from search.query import After, Found
from search.request import InvalidQuery, parse

LAST = Found("A-1", 7, Decimal("12.50"), "SUCCESS", datetime(2026, 11, 22, 14, 0, 0, 1, UTC), "ORDER", None)


@pytest.mark.parametrize(
    ("sort", "value"), [("-timestamp", LAST.timestamp), ("amount", LAST.amount), ("order_id", LAST.order_id)]
)
def test_a_cursor_says_where_the_page_before_ended(sort: str, value: Any) -> None:
    cursor = cursor_after(parse({"sort": sort}), LAST)
    assert parse({"sort": sort, "cursor": cursor}).after == After(value, "A-1")


@given(st.text(min_size=1, max_size=64))
def test_a_cursor_holds_any_order_id(order_id: str) -> None:
    cursor = cursor_after(parse({"sort": "order_id"}), replace(LAST, order_id=order_id))
    assert parse({"sort": "order_id", "cursor": cursor}).after == After(order_id, order_id)


def test_size_and_facets_may_differ_from_page_to_page() -> None:
    cursor = cursor_after(parse({"status": "SUCCESS", "size": 1, "facets": ["status"]}), LAST)
    assert parse({"status": "SUCCESS", "size": 2, "cursor": cursor}).after is not None


@pytest.mark.parametrize(
    "other", [{}, {"status": "FAILED"}, {"status": "SUCCESS", "sort": "timestamp"}, {"status": "SUCCESS", "user_id": 7}]
)
def test_a_cursor_of_another_query_is_refused(other: dict[str, Any]) -> None:
    cursor = cursor_after(parse({"status": "SUCCESS"}), LAST)
    with pytest.raises(InvalidQuery) as invalid:
        parse(other | {"cursor": cursor})
    assert invalid.value.errors["cursor"][0].startswith("This cursor belongs to another query")
