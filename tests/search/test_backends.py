from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.env import Adapter
from database.time_limit import TookTooLong
from search.backends import SearchBackend, SearchUnavailable, backend, ping
from search.cursors import cursor_after
from search.database import DatabaseSearch
from search.query import Found, Query
from search.request import parse
from tests.databases import changes_tables, reads_plans
from tests.search.contract import Load, SearchContract, order
from transactions.models import Transaction


class TestDatabaseSearch(SearchContract):
    @pytest.fixture
    def load(self, db: None) -> Load:
        def load(told: Sequence[Found]) -> SearchBackend:
            Transaction.objects.all().delete()
            Transaction.objects.bulk_create(Transaction(**asdict(found)) for found in told)
            return DatabaseSearch(Transaction)

        return load


def test_the_setting_chooses_the_table(settings: Any, db: None) -> None:
    settings.SEARCH = Adapter.parse("database:transactions.Transaction")
    assert isinstance(backend(), DatabaseSearch)
    assert backend().search(Query()).total == 0


@pytest.fixture
def no_table(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE transactions RENAME TO transactions_elsewhere")


@changes_tables
def test_a_database_that_fails_is_search_unavailable(no_table: None) -> None:
    with pytest.raises(SearchUnavailable, match="transactions"):
        backend().search(Query())
    with pytest.raises(SearchUnavailable, match="transactions"):
        ping()


@reads_plans
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sort", "index"),
    [
        ("timestamp", "transactions_newest_first"),
        ("amount", "transactions_largest_first"),
        ("order_id", "sqlite_autoindex_transactions_1"),
    ],
)
@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("filters", [{}, {"status": ["FAILED", "PENDING"], "kind": "ORDER"}], ids=["all", "some"])
def test_where_many_match_pages_come_in_order_from_an_index_and_cost_no_sorting(
    monkeypatch: pytest.MonkeyPatch, sort: str, index: str, sign: str, filters: dict[str, Any]
) -> None:
    monkeypatch.setattr("search.database.COUNTED_UP_TO", 0)
    facts: dict[str, Any] = {"user_id": 1, "amount": 1, "kind": "ORDER", "timestamp": "2026-11-22T14:00:00Z"}
    Transaction.objects.create(order_id="a-1", status="FAILED", **facts)
    body = {"sort": f"{sign}{sort}", **filters}
    if sort == "timestamp" and filters:
        index = "transactions_of_a_kind"
    after = cursor_after(parse(body), order("a-1"))
    with CaptureQueriesContext(connection) as queries:
        DatabaseSearch(Transaction).search(parse(body | {"cursor": after}))
    (page,) = [query["sql"] for query in queries if "ORDER BY" in query["sql"]]
    with connection.cursor() as cursor:
        plan = [line for *_, line in cursor.execute(f"EXPLAIN QUERY PLAN {page}").fetchall()]
    assert index in plan[0]
    assert "USE TEMP B-TREE FOR ORDER BY" not in plan


def test_a_table_that_is_asked_for_too_much_answers_nothing_rather_than_a_part(
    db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("database.time_limit.STEPS", 1)
    settings.QUERY_SECONDS = 0
    with pytest.raises(TookTooLong, match="narrow it"):
        DatabaseSearch(Transaction).search(parse({"facets": ["day"]}))
