from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC
from typing import Any

import structlog
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import has_role
from accounts.roles import READS_EVERYBODYS
from api import csv_lines
from api.csv_lines import RowsAsCSV
from api.endpoints import Endpoint
from api.fields import Amount, CurrencyCode
from api.parsers import StrictJSONParser
from api.problems import RETRY_AFTER_SECONDS, Problem, ProblemType
from api.rates import Kind
from audit.answers import narrowed_by
from events.money import Ledger, shown
from search.backends import SearchUnavailable, backend
from search.cursors import cursor_after
from search.openapi import BODY, EXAMPLES
from search.query import COUNTED_UP_TO, Answer, Facet, Found, Query, amount_range, place_of
from search.request import InvalidQuery, parse
from search.request_values import MAX_SIZE

log = structlog.get_logger(__name__)

FOUND = tuple(field.name for field in fields(Found))


class FoundTransaction(serializers.Serializer[Any]):
    order_id = serializers.CharField()
    user_id = serializers.IntegerField()
    amount = Amount(help_text="negative for a refund")
    status = serializers.CharField()
    timestamp = serializers.DateTimeField(help_text="when it happened in the shop")
    kind = serializers.CharField()
    refund_of = serializers.CharField(allow_null=True, help_text="the order that this refunds")
    currency = CurrencyCode()


class ValueCount(serializers.Serializer[Any]):
    value = serializers.CharField()
    count = serializers.IntegerField()


class TimeCount(serializers.Serializer[Any]):
    value = serializers.DateTimeField(help_text="the beginning of the hour or day, UTC")
    count = serializers.IntegerField()


class AmountCount(serializers.Serializer[Any]):
    gte = Amount(allow_null=True, help_text="null: no lower bound")
    lt = Amount(allow_null=True, help_text="null: no upper bound")
    count = serializers.IntegerField()


class Facets(serializers.Serializer[Any]):
    """Those that were asked for, each ascending; what occurs in no transaction is left out."""

    status = ValueCount(many=True, required=False)
    kind = ValueCount(many=True, required=False)
    hour = TimeCount(many=True, required=False)
    day = TimeCount(many=True, required=False)
    amount = AmountCount(many=True, required=False)


class SearchAnswer(serializers.Serializer[Any]):
    total = serializers.IntegerField(help_text=f"all that match, on every page, counted up to {COUNTED_UP_TO:,}")
    total_is_exact = serializers.BooleanField(
        help_text=f"false: more than {COUNTED_UP_TO:,} match, and `total` is {COUNTED_UP_TO:,}"
    )
    currency = CurrencyCode()
    transactions = FoundTransaction(many=True)
    next_cursor = serializers.CharField(allow_null=True, help_text="null on the last page")
    facets = Facets()


class SearchTransactions(Endpoint):
    permission_classes = (has_role(*READS_EVERYBODYS),)
    counted_as = Kind.SEARCHES
    changes = False
    parser_classes = (StrictJSONParser,)
    csv_columns = (*FOUND, "currency")

    def get_renderers(self) -> Any:
        return [*super().get_renderers(), RowsAsCSV()]

    @extend_schema(
        operation_id="search_transactions",
        summary="Search transactions",
        description=(
            "Every field narrows the search, none of them is required. A page follows by repeating the request with "
            f"`cursor`: what is recorded meanwhile shifts nothing. `total` counts up to {COUNTED_UP_TO:,}, facets count"
            " all that match. What takes longer than the server allows is refused (400): narrow it by user or by time."
            " With `Accept: text/csv` all that match as CSV, on any number of pages; `limit` or `size` ends it."
        ),
        request={"application/json": BODY},
        responses={
            (200, "application/json"): SearchAnswer,
            (200, "text/csv"): OpenApiTypes.STR,
            503: OpenApiResponse(
                description="What answers searches is down, or a long list is being written already: `Retry-After`."
            ),
        },
        examples=EXAMPLES,
    )
    def post(self, request: Request) -> Response | StreamingHttpResponse:
        query = _query(request.data)
        narrowed_by(request, request.data)
        if isinstance(request.accepted_renderer, RowsAsCSV):
            return _as_csv(query, is_limited=not {"limit", "size"}.isdisjoint(request.data))
        answer = _answer(query)
        # What may be a thousand rows goes the short way; the serializer says the same of them.
        few = SearchAnswer(_as_answered(query, answer) | {"transactions": ()}).data
        return Response(few | {"transactions": [_found(each) for each in answer.transactions]})


def _query(body: Any) -> Query:
    if not isinstance(body, dict):
        raise serializers.ValidationError(["Send an object, such as {} to find everything."])
    try:
        return parse(body)
    except InvalidQuery as invalid:
        raise serializers.ValidationError(dict(invalid.errors)) from invalid


def _answer(query: Query) -> Answer:
    try:
        return backend().search(query)
    except SearchUnavailable as error:
        log.exception("search unavailable")
        raise Problem(
            ProblemType.UNAVAILABLE,
            "What answers searches is down. Try again later; `GET /health` says what is down.",
            headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
        ) from error


def _as_csv(query: Query, *, is_limited: bool) -> StreamingHttpResponse:
    if query.facets:
        raise serializers.ValidationError({"facets": ["Leave these out: CSV has no place for them."]})
    pages = _pages(query if is_limited else replace(query, size=MAX_SIZE), is_limited=is_limited)
    return csv_lines.answer("search-transactions", SearchTransactions.csv_columns, pages)


def _pages(query: Query, *, is_limited: bool) -> Iterator[tuple[list[dict[str, Any]], bool]]:
    """Each page, with whether another one is to follow."""
    while True:
        answer = _answer(query)
        has_more = answer.has_more and not is_limited
        yield [_found(each) for each in answer.transactions], has_more
        if not has_more:
            return
        query = replace(query, after=place_of(answer.transactions[-1], query.sort))


def _as_answered(query: Query, answer: Answer) -> dict[str, Any]:
    return {
        "total": answer.total,
        "total_is_exact": answer.is_exact,
        "transactions": answer.transactions,
        "next_cursor": cursor_after(query, answer.transactions[-1]) if answer.has_more else None,
        "facets": {facet: _buckets(facet, answer.counts[facet]) for facet in query.facets},
    }


def _found(each: Found) -> dict[str, Any]:
    values = {name: getattr(each, name) for name in FOUND}
    told = {"amount": shown(each.amount), "timestamp": each.timestamp.astimezone(UTC)}
    return values | told | {"currency": Ledger.currency.code}


def _buckets(facet: Facet, counts: Any) -> list[dict[str, Any]]:
    if facet == Facet.AMOUNT:
        ranges = [(*amount_range(number), count) for number, count in sorted(counts.items())]
        return [{"gte": gte, "lt": lt, "count": count} for gte, lt, count in ranges]
    return [{"value": value, "count": count} for value, count in sorted(counts.items())]
