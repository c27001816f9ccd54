from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.env import Adapter
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
@pytest.mark.parametrize(("sort", "is_in_order"), [("-timestamp", True), ("timestamp", True), ("-amount", False)])
def test_pages_by_time_come_in_order_from_the_index_and_cost_no_sorting(sort: str, is_in_order: bool) -> None:
    after = cursor_after(parse({"sort": sort}), order("a-1"))
    with CaptureQueriesContext(connection) as queries:
        DatabaseSearch(Transaction).search(parse({"sort": sort, "cursor": after}))
    (page,) = [query["sql"] for query in queries if "LIMIT" in query["sql"]]
    with connection.cursor() as cursor:
        plan = str(cursor.execute(f"EXPLAIN QUERY PLAN {page}").fetchall())
    assert ("transactions_newest_first" in plan) is is_in_order
    assert ("TEMP B-TREE" not in plan) is is_in_order
