"""What every search backend keeps to. A test class inherits it and says how transactions get into its backend."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search.backends import SearchBackend
from search.cursors import cursor_after
from search.query import AMOUNT_BOUNDS, Facet, Filters, Found, Query, Sort, SortField
from search.request import parse

Load = Callable[[Sequence[Found]], SearchBackend]
TWO = datetime(2026, 11, 22, 14, tzinfo=UTC)


def order(order_id: str, **values: Any) -> Found:
    plain = Found(order_id, 7, Decimal("10.00"), "SUCCESS", TWO, "ORDER", None)
    return replace(plain, **values)


def worth(order_id: str, amount: Decimal) -> Found:
    return order(order_id, amount=amount, kind="REFUND" if amount < 0 else "ORDER")


def refund(order_id: str, of: str, **values: Any) -> Found:
    return order(order_id, amount=Decimal("-10.00"), kind="REFUND", refund_of=of, **values)


def ids(backend: SearchBackend, **body: Any) -> list[str]:
    return [found.order_id for found in backend.search(parse(body)).transactions]


def pages(backend: SearchBackend, **body: Any) -> list[list[str]]:
    """The order ids of every page, read as a client does."""
    answers: list[list[str]] = []
    cursor: dict[str, str] = {}
    while True:
        query = parse(body | cursor)
        answer = backend.search(query)
        answers.append([found.order_id for found in answer.transactions])
        if not answer.has_more:
            return answers
        cursor = {"cursor": cursor_after(query, answer.transactions[-1])}


class SearchContract:
    @pytest.fixture
    def load(self) -> Load:
        """Puts exactly these transactions into the backend and gives it, ready to find them."""
        raise NotImplementedError

    def test_a_transaction_is_found_with_every_value_as_it_was(self, load: Load) -> None:
        told = [
            order("a-1", amount=Decimal("1299.99"), timestamp=TWO + timedelta(milliseconds=123)),
            refund("r-1", "a-1", user_id=2**31 - 1, status="PENDING"),
        ]
        assert list(load(told).search(parse({"sort": "order_id"})).transactions) == told

    def test_nothing_recorded_is_nothing_found(self, load: Load) -> None:
        answer = load([]).search(parse({"facets": ["status", "day", "amount"]}))
        assert (answer.total, list(answer.transactions), answer.has_more) == (0, [], False)
        assert answer.counts == {Facet.STATUS: {}, Facet.DAY: {}, Facet.AMOUNT: {}}

    def test_a_filter_lets_through_any_of_its_values(self, load: Load) -> None:
        backend = load(
            [
                order("a-1", user_id=1, status="PENDING"),
                order("a-2", user_id=2, status="FAILED"),
                refund("r-3", "a-0", user_id=3),
            ]
        )
        assert ids(backend, user_id=2) == ["a-2"]
        assert ids(backend, user_id=[1, 3], sort="order_id") == ["a-1", "r-3"]
        assert ids(backend, status=["PENDING", "FAILED"], sort="order_id") == ["a-1", "a-2"]
        assert ids(backend, kind="REFUND") == ["r-3"]
        assert ids(backend, order_id=["a-1", "r-3", "x"], sort="order_id") == ["a-1", "r-3"]

    def test_filters_must_hold_together(self, load: Load) -> None:
        backend = load([order("a-1", user_id=1), order("a-2", user_id=1, status="FAILED"), order("a-3")])
        assert ids(backend, user_id=1, status="FAILED") == ["a-2"]

    def test_an_order_id_is_matched_whole(self, load: Load) -> None:
        backend = load([order("a-1"), order("a-1-b"), order("a 1")])
        assert ids(backend, order_id="a-1") == ["a-1"]
        assert ids(backend, order_id="a") == []

    def test_an_amount_is_compared_to_the_cent_and_both_ends_belong_to_it(self, load: Load) -> None:
        amounts = ["-0.01", "0.00", "0.10", "0.29", "0.30", "0.31", "999999999999.99", "1000000000000.00"]
        backend = load([worth(f"a-{n}", Decimal(amount)) for n, amount in enumerate(amounts)])
        assert ids(backend, amount={"gte": "0.10", "lte": "0.30"}, sort="amount") == ["a-2", "a-3", "a-4"]
        assert ids(backend, amount={"lte": 0}, sort="amount") == ["a-0", "a-1"]
        assert ids(backend, amount={"gte": 10**12}) == ["a-7"]

    def test_a_time_begins_at_gte_and_ends_before_lt(self, load: Load) -> None:
        millis = [0, 1, 999, 1000]
        backend = load([order(f"a-{ms}", timestamp=TWO + timedelta(milliseconds=ms)) for ms in millis])
        assert ids(
            backend,
            timestamp={"gte": "2026-11-22T14:00:00.001Z", "lt": "2026-11-22T15:00:01+01:00"},
            sort="timestamp",
        ) == ["a-1", "a-999"]

    def test_everything_comes_newest_first_if_nothing_else_is_asked(self, load: Load) -> None:
        backend = load([order(f"a-{n}", timestamp=TWO + timedelta(minutes=n)) for n in (2, 3, 1)])
        assert ids(backend) == ["a-3", "a-2", "a-1"]

    def test_equal_values_follow_by_order_id_and_a_minus_turns_the_whole_order(self, load: Load) -> None:
        amounts = {"a-1": 5, "a-2": 10, "a-3": 5, "a-4": -5}
        backend = load([worth(name, Decimal(amount)) for name, amount in amounts.items()])
        assert ids(backend, sort="-amount") == ["a-2", "a-1", "a-3", "a-4"]
        assert ids(backend, sort="amount") == ["a-4", "a-3", "a-1", "a-2"]
        assert ids(backend, sort="-timestamp") == ["a-1", "a-2", "a-3", "a-4"]
        assert ids(backend, sort="-order_id") == ["a-4", "a-3", "a-2", "a-1"]

    @pytest.mark.parametrize("sort", ["timestamp", "-timestamp", "amount", "-amount", "order_id", "-order_id"])
    def test_pages_hold_everything_once_in_order(self, load: Load, sort: str) -> None:
        backend = load(
            [
                order(f"a-{minute}-{amount}", timestamp=TWO + timedelta(minutes=minute), amount=Decimal(amount))
                for minute, amount in product(range(3), range(3))
            ]
        )
        cut = pages(backend, sort=sort, size=2)
        assert [len(page) for page in cut] == [2, 2, 2, 2, 1]
        assert [name for page in cut for name in page] == ids(backend, sort=sort)

    def test_a_page_that_is_just_full_is_the_last(self, load: Load) -> None:
        assert pages(load([order("a-1"), order("a-2")]), size=2) == [["a-1", "a-2"]]

    def test_what_is_recorded_meanwhile_shifts_no_page(self, load: Load) -> None:
        old = [order(f"a-{n}", timestamp=TWO + timedelta(minutes=n)) for n in range(4)]
        query = parse({"size": 2})
        cursor = cursor_after(query, load(old).search(query).transactions[-1])
        backend = load([*old, order("a-new", timestamp=TWO + timedelta(hours=1))])
        assert ids(backend, size=2, cursor=cursor) == ["a-1", "a-0"]

    def test_total_and_facets_count_what_is_on_every_page(self, load: Load) -> None:
        backend = load([order(f"a-{n}", status="FAILED" if n else "SUCCESS") for n in range(5)])
        query = parse({"size": 2, "facets": ["status"]})
        first = backend.search(query)
        second = backend.search(
            parse({"size": 2, "facets": ["status"], "cursor": cursor_after(query, first.transactions[-1])})
        )
        for answer in (first, second):
            assert answer.total == 5
            assert answer.counts == {Facet.STATUS: {"SUCCESS": 1, "FAILED": 4}}

    def test_more_than_can_be_counted_are_said_to_be_more(self, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
        for module in ("search.database", "search.elastic"):
            monkeypatch.setattr(f"{module}.COUNTED_UP_TO", 4)
        backend = load([order(f"a-{n}", timestamp=TWO + timedelta(minutes=n), status="FAILED") for n in range(6)])
        query = parse({"size": 2, "sort": "timestamp", "facets": ["status"]})
        for query_, total, is_exact in (
            (query, 4, False),
            (parse({"size": 2, "timestamp": {"gte": "2026-11-22T14:02:00Z"}}), 4, True),
            (parse({"size": 2, "timestamp": {"gte": "2026-11-22T14:03:00Z"}}), 3, True),
        ):
            answer = backend.search(query_)
            assert (answer.total, answer.is_exact, answer.has_more) == (total, is_exact, True)
        assert backend.search(query).counts == {Facet.STATUS: {"FAILED": 6}}
        assert pages(backend, sort="timestamp", size=4) == [["a-0", "a-1", "a-2", "a-3"], ["a-4", "a-5"]]

    def test_any_query_finds_the_same_where_more_match_than_are_counted(
        self, load: Load, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for module in ("search.database", "search.elastic"):
            monkeypatch.setattr(f"{module}.COUNTED_UP_TO", 3)
        told = list(EVERY_SORT_OF_TRANSACTION)
        backend = load(told)

        @settings(max_examples=60, suppress_health_check=list(HealthCheck))
        @given(queries())
        def agrees(query: Query) -> None:
            answer, expected = backend.search(query), expected_of(told, query)
            assert (answer.total, answer.is_exact) == (min(3, len(expected)), len(expected) <= 3)
            assert list(answer.transactions) == expected[: query.size]

        agrees()

    def test_facets_count_only_what_matches(self, load: Load) -> None:
        backend = load([order("a-1"), refund("r-1", "a-1"), order("a-2", user_id=8)])
        answer = backend.search(parse({"user_id": 7, "facets": ["kind"]}))
        assert answer.counts == {Facet.KIND: {"ORDER": 1, "REFUND": 1}}

    def test_hours_and_days_are_counted_from_their_beginning_in_utc(self, load: Load) -> None:
        late = TWO + timedelta(minutes=59, seconds=59, milliseconds=999)
        midnight = TWO + timedelta(hours=10)
        backend = load([order("a-1"), order("a-2", timestamp=late), order("a-3", timestamp=midnight)])
        around = {"gte": "2026-11-22T00:00:00Z", "lt": "2026-11-24T00:00:00Z"}
        assert backend.search(parse({"facets": ["hour", "day"], "timestamp": around})).counts == {
            Facet.HOUR: {TWO: 2, midnight: 1},
            Facet.DAY: {datetime(2026, 11, 22, tzinfo=UTC): 2, midnight: 1},
        }

    def test_amounts_are_counted_in_ranges_from_each_bound_to_just_below_the_next(self, load: Load) -> None:
        cents = Decimal("0.01")
        edges = [amount for bound in AMOUNT_BOUNDS for amount in (bound - cents, bound)]
        backend = load([worth(f"a-{n}", amount) for n, amount in enumerate(edges)])
        last = len(AMOUNT_BOUNDS)
        assert backend.search(parse({"facets": ["amount"]})).counts == {
            Facet.AMOUNT: {0: 1} | dict.fromkeys(range(1, last), 2) | {last: 1}
        }

    def test_any_query_finds_what_plain_python_finds(self, load: Load) -> None:
        told = list(EVERY_SORT_OF_TRANSACTION)
        backend = load(told)

        @settings(max_examples=60, suppress_health_check=list(HealthCheck))
        @given(queries())
        def agrees(query: Query) -> None:
            answer = backend.search(query)
            expected = expected_of(told, query)
            assert answer.total == len(expected)
            assert list(answer.transactions) == expected[: query.size]
            assert answer.has_more == (len(expected) > query.size)

        agrees()

    def test_a_backend_that_can_answer_says_so(self, load: Load) -> None:
        load([]).ping()


EVERY_SORT_OF_TRANSACTION = [
    Found(
        order_id=f"a-{n:02}",
        user_id=n % 3,
        amount=Decimal(amount),
        status=status,
        timestamp=TWO + timedelta(minutes=minutes),
        kind="REFUND" if amount < 0 else "ORDER",
        refund_of=None,
    )
    for n, (amount, status, minutes) in enumerate(product([-5, 0, 5, 12], ["PENDING", "SUCCESS", "FAILED"], [0, 1, 60]))
]


@st.composite
def queries(draw: st.DrawFn) -> Query:
    def some(*values: Any) -> tuple[Any, ...]:
        return tuple(draw(st.lists(st.sampled_from(values), max_size=2, unique=True)))

    def end(*values: Any) -> Any:
        return draw(st.none() | st.sampled_from(values))

    moments = [TWO + timedelta(minutes=minutes) for minutes in (0, 1, 30, 61)]
    filters = Filters(
        user_ids=some(0, 1, 2, 3),
        statuses=some("PENDING", "SUCCESS", "REFUNDED"),
        kinds=some("ORDER", "REFUND"),
        order_ids=some("a-00", "a-17", "a-99"),
        amount_gte=end(Decimal(-5), Decimal(1)),
        amount_lte=end(Decimal(5), Decimal("11.99")),
        timestamp_gte=end(*moments),
        timestamp_lt=end(*moments),
    )
    return Query(filters, Sort(draw(st.sampled_from(SortField)), draw(st.booleans())), size=draw(st.integers(1, 40)))


def expected_of(told: Sequence[Found], query: Query) -> list[Found]:
    found = [transaction for transaction in told if matches(transaction, query.filters)]
    ascending = sorted(found, key=lambda each: each.order_id, reverse=query.sort.field != SortField.ORDER_ID)
    ascending.sort(key=lambda each: getattr(each, query.sort.field))
    return ascending[::-1] if query.sort.descending else ascending


def matches(found: Found, asked: Filters) -> bool:
    return (
        (not asked.user_ids or found.user_id in asked.user_ids)
        and (not asked.statuses or found.status in asked.statuses)
        and (not asked.kinds or found.kind in asked.kinds)
        and (not asked.order_ids or found.order_id in asked.order_ids)
        and (asked.amount_gte is None or found.amount >= asked.amount_gte)
        and (asked.amount_lte is None or found.amount <= asked.amount_lte)
        and (asked.timestamp_gte is None or found.timestamp >= asked.timestamp_gte)
        and (asked.timestamp_lt is None or found.timestamp < asked.timestamp_lt)
    )
