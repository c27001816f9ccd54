from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from events import ChangedStatus
from search.query import Facet, Filters, Kind, Query, Sort, SortField
from search.request import InvalidQuery, parse

TWO = datetime(2026, 11, 22, 14, tzinfo=UTC)


def errors(body: dict[str, Any]) -> Any:
    with pytest.raises(InvalidQuery) as invalid:
        parse(body)
    return invalid.value.errors


def filters(**body: Any) -> Filters:
    return parse(body).filters


def test_an_empty_body_asks_for_everything_newest_first() -> None:
    assert parse({}) == Query(Filters(), Sort(SortField.TIMESTAMP, descending=True), size=50, after=None, facets=())


def test_a_filter_takes_one_value_or_several() -> None:
    assert filters(user_id=0).user_ids == (0,)
    assert filters(user_id=[7, 8, 7]).user_ids == (7, 8)
    assert filters(status="SUCCESS").statuses == (ChangedStatus.SUCCESS,)
    assert filters(status=["FAILED", "REFUNDED"]).statuses == (ChangedStatus.FAILED, ChangedStatus.REFUNDED)
    assert filters(kind=["REFUND"]).kinds == (Kind.REFUND,)
    assert filters(order_id="A-1").order_ids == ("A-1",)


@pytest.mark.parametrize("written", ["12.5", "12.50", 12.5])
def test_an_amount_is_text_or_number(written: str | float) -> None:
    assert filters(amount={"gte": written}).amount_gte == Decimal("12.50")


def test_amounts_may_be_negative_whole_or_with_an_exponent() -> None:
    asked = filters(amount={"gte": -5, "lte": 1e6})
    assert (asked.amount_gte, asked.amount_lte) == (Decimal(-5), Decimal(1_000_000))


@pytest.mark.parametrize(
    "written",
    ["2026-11-22T14:00:00Z", "2026-11-22t14:00:00.000z", "2026-11-22T15:30:00+01:30", "2026-11-22T14:00:00+00:00"],
)
def test_a_moment_is_understood_with_any_offset(written: str) -> None:
    assert filters(timestamp={"gte": written}).timestamp_gte == TWO


@pytest.mark.parametrize(
    ("written", "sort"),
    [
        ("timestamp", Sort(SortField.TIMESTAMP, descending=False)),
        ("-amount", Sort(SortField.AMOUNT, descending=True)),
        ("order_id", Sort(SortField.ORDER_ID, descending=False)),
    ],
)
def test_a_minus_sorts_the_other_way_round(written: str, sort: Sort) -> None:
    assert parse({"sort": written}).sort == sort


def test_facets_are_a_list() -> None:
    assert parse({"facets": ["status", "day"]}).facets == (Facet.STATUS, Facet.DAY)


WRONG: dict[str, list[Any]] = {
    "user_id": ["7", 7.0, True, -1, 2**31, None, {}, [], list(range(101))],
    "status": ["success", "", 1, None, {"gte": 1}, []],
    "kind": ["PAYMENT", 1],
    "order_id": ["", "x" * 65, 5, None],
    "amount": [5, "5", None, {}, []],
    "timestamp": ["2026-11-22T14:00:00Z", {}, None],
    "sort": ["user_id", "--amount", "", None, ["amount"], {"amount": "asc"}],
    "size": [0, 1001, -1, "50", 5.0, True, None],
    "facets": [[], None, {}, "status"],
    "cursor": [None, 5, "", "x", "%%%", "é", "bnVsbA", "e30", "W1tb" * 9999],
}


@pytest.mark.parametrize("body", [{field: bad} for field, values in WRONG.items() for bad in values])
def test_what_a_field_does_not_take_is_refused_by_its_name(body: dict[str, Any]) -> None:
    (field,) = body
    ((name, sentences),) = errors(body).items()
    assert name == field
    assert len(sentences) == 1


@pytest.mark.parametrize(
    "amount",
    ["12.345", 12.345, "NaN", "1e3", "+5", "", " 5", "٥", 1e400, 10**12 + 1, "-1000000000000.01", True, None, []],
)
def test_an_amount_that_is_none_or_too_fine_or_too_large_is_refused(amount: Any) -> None:
    assert list(errors({"amount": {"gte": amount}})["amount"]) == ["gte"]


@pytest.mark.parametrize(
    "moment",
    [
        "2026-11-22",
        "2026-11-22T14:00:00",
        "2026-11-22 14:00:00Z",
        "2026-02-30T00:00:00Z",
        "0001-01-01T00:00:00+23:00",
        5,
    ],
)
def test_a_moment_without_offset_or_out_of_the_calendar_is_refused(moment: Any) -> None:
    assert list(errors({"timestamp": {"lt": moment}})["timestamp"]) == ["lt"]


def test_every_wrong_field_is_named_at_once() -> None:
    body = {"colour": "red", "user_id": [1, "2", -3], "amount": {"gte": "x", "gt": 5}, "size": 0}
    found = errors(body)
    assert set(found) == {"colour", "user_id", "amount", "size"}
    assert set(found["user_id"]) == {"1", "2"}
    assert set(found["amount"]) == {"gte", "gt"}


def test_ranges_that_hold_nothing_are_refused() -> None:
    assert list(errors({"amount": {"gte": 5, "lte": 4.99}})) == ["amount"]
    assert list(errors({"timestamp": {"gte": "2026-11-22T14:00:00.001Z", "lt": "2026-11-22T14:00:00Z"}})) == [
        "timestamp"
    ]


def test_hours_are_counted_only_within_a_bounded_time() -> None:
    bounded = {"gte": "2026-10-11T22:00:00Z", "lt": "2026-11-22T14:00:00Z"}
    assert parse({"facets": ["hour"], "timestamp": bounded}).facets == (Facet.HOUR,)
    for timestamp in (
        {},
        {"timestamp": bounded | {"lt": "2026-11-22T14:00:01Z"}},
        {"timestamp": {"gte": bounded["gte"]}},
    ):
        assert list(errors({"facets": ["hour"]} | timestamp)) == ["facets"]


@pytest.mark.parametrize("amount", [Decimal("1e-400"), Decimal("12.501"), Decimal("1E400"), Decimal("1E+99999999")])
def test_a_number_of_json_is_no_amount_if_it_is_finer_or_larger(amount: Decimal) -> None:
    assert list(errors({"amount": {"gte": amount}})["amount"]) == ["gte"]


WORDS_OF_LISTS = {
    "limit": 7,
    "amount_min": "5.00",
    "amount_max": 9,
    "from": "2026-11-22T00:00:00Z",
    "to": "2026-11-23T00:00:00Z",
}


def test_the_words_of_lists_mean_what_they_mean_there() -> None:
    own = {
        "size": 7,
        "amount": {"gte": "5.00", "lte": 9},
        "timestamp": {"gte": "2026-11-22T00:00:00Z", "lt": "2026-11-23T00:00:00Z"},
    }
    assert parse(WORDS_OF_LISTS) == parse(own)


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"limit": 0}, {"limit"}), ({"limit": 5, "size": 5}, {"limit"}), ({"amount_min": "x"}, {"amount_min"}),
        ({"amount_min": 1, "amount": {"gte": 1}}, {"amount_min"}), ({"from": "today"}, {"from"}),
        ({"amount_min": 2, "amount_max": 1}, {"amount_min"}),
        ({"from": WORDS_OF_LISTS["to"], "to": WORDS_OF_LISTS["from"]}, {"from"}), ({"to": None}, {"to"}),
    ],
)  # fmt: skip
def test_a_word_of_lists_is_refused_by_its_own_name(body: Any, wrong: set[str]) -> None:
    with pytest.raises(InvalidQuery) as refused:
        parse(body)
    assert set(refused.value.errors) == wrong


def test_a_word_of_lists_goes_with_another_end_of_its_range() -> None:
    assert parse({"amount_min": 1, "amount": {"lte": 2}}) == parse({"amount": {"gte": 1, "lte": 2}})
