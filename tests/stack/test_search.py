"""The search adapter, on a real Elasticsearch."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from accounts.roles import Role
from config.env import Adapter
from search.backends import SearchBackend, SearchUnavailable, backend, ping
from search.index import SearchIndex
from search.query import Found
from search.request import parse
from tests.conftest import ClientAs
from tests.search.contract import TWO, Load, SearchContract, ids, order, worth


def put(index: SearchIndex, documents: Iterable[dict[str, Any]]) -> None:
    operations: list[dict[str, Any]] = []
    for document in documents:
        operations += [{"index": {"_index": index.alias, "_id": document["order_id"]}}, document]
    if operations:
        assert not index.elasticsearch.bulk(operations=operations)["errors"]
    index.elasticsearch.indices.refresh(index=index.alias)


def row(found: Found) -> dict[str, Any]:
    """A document as writers make it of a row: the amount a double, the time in milliseconds."""
    times = {"timestamp": round(found.timestamp.timestamp() * 1000)}
    return asdict(found) | {"id": 1, "amount": float(found.amount), "recorded_at": 1795356000123} | times


class TestElasticsearchSearch(SearchContract):
    @pytest.fixture
    def load(self, search_index: SearchIndex) -> Load:
        def load(told: Sequence[Found]) -> SearchBackend:
            for name in search_index.versions():
                search_index.delete(name)
            search_index.prepare()
            put(search_index, map(row, told))
            return backend()

        return load


@pytest.fixture
def prepared(search_index: SearchIndex) -> SearchIndex:
    search_index.prepare()
    return search_index


def test_every_amount_is_found_by_itself_and_nothing_else(prepared: SearchIndex) -> None:
    # 0.07 * 100 is more than 7 in doubles, 1.15 * 100 less than 115.
    amounts = [Decimal(cents) / 100 for cents in range(200)] + [Decimal("999999999999.98"), Decimal("999999999999.99")]
    put(prepared, [row(worth(f"a-{amount}", amount)) for amount in amounts])
    for amount in amounts:
        assert ids(backend(), amount={"gte": str(amount), "lte": str(amount)}) == [f"a-{amount}"]


def test_ids_that_differ_in_capitals_accents_or_blanks_are_different(prepared: SearchIndex) -> None:
    names = ["a-1", "A-1", "á-1", "a-1 ", " a-1", "a\u200b-1"]
    put(prepared, [row(order(name)) for name in names])
    for name in names:
        assert ids(backend(), order_id=name) == [name]
    assert ids(backend(), sort="order_id") == sorted(names)


def test_a_moment_between_milliseconds_divides_as_in_the_table(prepared: SearchIndex) -> None:
    put(prepared, [row(order("a-0")), row(order("a-1", timestamp=TWO.replace(microsecond=1000)))])
    between = "2026-11-22T14:00:00.000400Z"
    assert ids(backend(), timestamp={"gte": between}) == ["a-1"]
    assert ids(backend(), timestamp={"lt": between}) == ["a-0"]


def test_preparing_twice_changes_nothing(prepared: SearchIndex) -> None:
    put(prepared, [row(order("a-1"))])
    out = StringIO()
    call_command("prepare_index", stdout=out)
    assert out.getvalue() == "transactions stands for transactions-v1\n"
    assert prepared.versions() == {"transactions-v1": True}
    assert ids(backend()) == ["a-1"]


def test_a_ready_index_is_healthy(prepared: SearchIndex) -> None:
    ping()


def test_without_an_index_nothing_is_found_and_that_is_said(search_index: SearchIndex) -> None:
    with pytest.raises(SearchUnavailable):
        backend().search(parse({}))
    with pytest.raises(SearchUnavailable):
        ping()


def test_a_wrong_password_is_search_unavailable(prepared: SearchIndex, settings: Any) -> None:
    settings.SEARCH_PASSWORD = "guessed"
    with pytest.raises(SearchUnavailable, match="security_exception"):
        backend().search(parse({}))


def test_while_elasticsearch_is_down_searches_get_503_and_everything_else_goes_on(
    prepared: SearchIndex, settings: Any, client_as: ClientAs
) -> None:
    settings.SEARCH = Adapter.parse("elasticsearch:https://platform@127.0.0.1:1/transactions")
    client: APIClient = client_as(Role.SHOP)
    answer = client.post("/search/transactions", {})
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
    assert answer.headers["Retry-After"] == "5"
    assert client.get("/transactions").status_code == 200
    body = {"order_id": "a-1", "user_id": 7, "amount": "12.50", "status": "PENDING"}
    assert client.post("/transactions", body).status_code == 201
