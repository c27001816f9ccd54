"""Searches answered by Elasticsearch.

A page begins after the last transaction of the one before (search_after with order_id as the last word), in a total
order. That alone keeps pages whole while others write, as in the table. A point in time would freeze statuses as well,
at the price of contexts that Elasticsearch holds open for every reader, and of cursors that expire.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from django.conf import settings
from elasticsearch import ApiError, BadRequestError, TransportError
from elasticsearch.dsl import Q, Search
from elasticsearch.dsl.response import Response

from database.time_limit import TookTooLong
from events.money import from_cents, to_cents
from events.time import EPOCH, MILLISECOND, from_millis
from search.backends import SearchUnavailable
from search.index import SearchIndex
from search.query import (
    AMOUNT_BOUNDS,
    COUNTED_UP_TO,
    Answer,
    Facet,
    Filters,
    Found,
    Query,
    Sort,
    SortField,
    Value,
    amount_range,
)

PING_TIMEOUT_SECONDS = 1.0
TIMED_OUT = "Time exceeded"
"""So Elasticsearch says, where half an answer is none, that a search took longer than its `timeout`."""

COLUMNS = ["order_id", "user_id", "amount", "status", "kind", "refund_of"]
INTERVALS = {Facet.HOUR: "hour", Facet.DAY: "day"}


class ElasticsearchSearch:
    """Asks the index behind an alias, which follows the table by way of Kafka, a second or so behind."""

    def __init__(self, index: SearchIndex) -> None:
        self._index = index

    @classmethod
    def of(cls, url: str) -> Self:
        return cls(SearchIndex.of(url))

    def search(self, query: Query) -> Answer:
        with _unavailable_if_down():
            response = _asked(query, self._index).execute()
        if response.timed_out:  # type: ignore[attr-defined] # made from the JSON at run time
            raise TookTooLong(settings.QUERY_SECONDS)
        page = [_found(hit) for hit in response.to_dict()["hits"]["hits"]]
        return Answer(
            total=response.hits.total.value,  # type: ignore[attr-defined] # made from the JSON at run time
            transactions=page[: query.size],
            has_more=len(page) > query.size,
            is_exact=response.hits.total.relation == "eq",  # type: ignore[attr-defined]
            counts={facet: _counts(facet, response) for facet in query.facets},
        )

    def ping(self) -> None:
        with _unavailable_if_down():
            health = self._index.elasticsearch.options(request_timeout=PING_TIMEOUT_SECONDS).cluster.health(
                index=self._index.alias, timeout="0s"
            )
        if health["status"] == "red":
            raise SearchUnavailable(f"part of the index {self._index.alias} is lost or still being loaded")


@contextmanager
def _unavailable_if_down() -> Iterator[None]:
    try:
        yield
    except BadRequestError:
        # We asked for nonsense: no waiting mends that.
        raise
    except (TransportError, ApiError) as error:
        if isinstance(error, ApiError) and TIMED_OUT in str(error.body):
            raise TookTooLong(settings.QUERY_SECONDS) from error
        raise SearchUnavailable(f"Elasticsearch does not answer: {error}") from error


def _asked(query: Query, index: SearchIndex) -> "Search[Any]":
    search: Search[Any] = Search(using=index.elasticsearch, index=index.alias)
    search = search.query(Q("bool", filter=_conditions(query.filters))).sort(*_order(query.sort))
    options: dict[str, Any] = {
        "size": query.size + 1,
        "track_total_hits": COUNTED_UP_TO,
        "timeout": f"{settings.QUERY_SECONDS}s",
        # Values as they are indexed, in one form, whichever form the writer of the document gave them.
        "_source": False,
        "docvalue_fields": [*COLUMNS, {"field": "timestamp", "format": "epoch_millis"}],
    }
    if query.after:
        options["search_after"] = [*_places(query.sort, query.after.value), query.after.order_id]
    for facet in query.facets:
        search.aggs.bucket(facet, _aggregation(facet))
    # Half an answer would give totals that are none.
    return search.extra(**options).params(allow_partial_search_results=False)


def _conditions(asked: Filters) -> list[Any]:
    choices = {
        "user_id": asked.user_ids,
        "status": asked.statuses,
        "kind": asked.kinds,
        "order_id": asked.order_ids,
    }
    ranges = {
        "amount": {"gte": _as_indexed(asked.amount_gte), "lte": _as_indexed(asked.amount_lte)},
        "timestamp": {"gte": _as_indexed(asked.timestamp_gte), "lt": _as_indexed(asked.timestamp_lt)},
    }
    return [Q("terms", **{name: list(values)}) for name, values in choices.items() if values] + [
        Q("range", **{name: given})
        for name, ends in ranges.items()
        if (given := {end: value for end, value in ends.items() if value is not None})
    ]


def _order(sort: Sort) -> list[Any]:
    direction, other = ("desc", "asc") if sort.descending else ("asc", "desc")
    if sort.field == SortField.ORDER_ID:
        return [{"order_id": direction}]
    return [{sort.field: direction}, {"order_id": other}]


def _places(sort: Sort, value: Value) -> list[Any]:
    return [] if sort.field == SortField.ORDER_ID else [_as_indexed(value)]


def _as_indexed(value: Value | None) -> Any:
    """A value as the index compares it."""
    if isinstance(value, datetime):
        # The index knows whole milliseconds: what is at or after a finer moment is so at or after the next whole one.
        return -((EPOCH - value) // MILLISECOND)
    return float(value) if isinstance(value, Decimal) else value


def _aggregation(facet: Facet) -> dict[str, Any]:
    if facet in INTERVALS:
        return {"date_histogram": {"field": "timestamp", "calendar_interval": INTERVALS[facet], "min_doc_count": 1}}
    if facet == Facet.AMOUNT:
        ranges = [{"key": str(number), **_range(*amount_range(number))} for number in range(len(AMOUNT_BOUNDS) + 1)]
        return {"range": {"field": "amount", "ranges": ranges}}
    return {"terms": {"field": facet, "size": 100}}


def _range(begin: Decimal | None, end: Decimal | None) -> dict[str, float]:
    return {name: float(value) for name, value in (("from", begin), ("to", end)) if value is not None}


def _counts(facet: Facet, response: "Response[Any]") -> dict[Any, int]:
    buckets = response.aggregations.to_dict()[facet]["buckets"]
    return {_value(facet, bucket["key"]): bucket["doc_count"] for bucket in buckets if bucket["doc_count"]}


def _value(facet: Facet, key: Any) -> Any:
    if facet in INTERVALS:
        return from_millis(key)
    return int(key) if facet == Facet.AMOUNT else key


def _found(hit: dict[str, Any]) -> Found:
    value = {name: values[0] for name, values in hit["fields"].items()}
    return Found(
        order_id=value["order_id"],
        user_id=value["user_id"],
        amount=from_cents(to_cents(value["amount"])),
        status=value["status"],
        timestamp=from_millis(int(value["timestamp"])),
        kind=value["kind"],
        refund_of=value.get("refund_of"),
    )
