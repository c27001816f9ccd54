"""How reconcile finds and mends what is wrong in a real Elasticsearch."""

from datetime import timedelta

import pytest
from django.utils import timezone

from events import Status, Transaction
from reconciliation.comparison import Result, Scope
from reconciliation.documents import Documents
from search import consumers
from search.documents import documents_of, put_right
from search.index import SearchIndex
from search.selectors import rows_of
from streaming.debezium import RowChange
from streaming.records import Batch, Record
from tests.records import records
from tests.search.contract import TWO
from transactions.models import Transaction as Row
from transactions.recording import record

POSITION = 3 << 40
"""of a change in a binlog"""


@pytest.fixture
def index(search_index: SearchIndex, db: None) -> SearchIndex:
    """Twelve rows, indexed as their changes tell them."""
    search_index.prepare()
    record(received=records(*(Transaction(f"a-{n}", n, n - 3.45, Status.SUCCESS, TWO) for n in range(12))))
    tell(search_index, *(f"a-{n}" for n in range(12)))
    return search_index


def tell(index: SearchIndex, *order_ids: str, position: int = POSITION) -> None:
    """Index rows as they are, or that they are gone, as changes of this place in the binlog."""
    rows = rows_of(order_ids)
    changes = [RowChange(order_id, rows.get(order_id), position) for order_id in order_ids]
    consumers.index(Batch([Record(change, "mysql.transactions", 0, n, TWO) for n, change in enumerate(changes)]))
    index.elasticsearch.indices.refresh(index=index.alias)


def compared(index: SearchIndex, *, mend: bool = False, settle: timedelta = timedelta(0)) -> Result:
    stage = Documents(Scope(timezone.now() - settle, None), index, 0)
    assert stage.in_doubt_since() is None
    if mend:
        stage.mend()
        return compared(index)
    (result,) = stage.results()
    return result


def test_an_index_that_follows_its_table_agrees(index: SearchIndex) -> None:
    result = compared(index)
    assert (result.expected, result.found, result.mismatches) == (12, 12, 0)


def damage(index: SearchIndex) -> None:
    Row.objects.filter(order_id="a-3").update(status="REFUNDED")
    Row.objects.filter(order_id="a-5").update(amount=5)
    Row.objects.filter(order_id="a-7").delete()
    index.elasticsearch.delete(index=index.alias, id="a-10", refresh=True)


def test_stale_missing_and_orphaned_documents_are_named_and_mended(index: SearchIndex) -> None:
    damage(index)
    assert compared(index).examples == [
        "a-10: no document",
        "a-3: its document is stale",
        "a-5: its document is stale",
        "a-7: a document without a row",
    ]
    result = compared(index, mend=True)
    assert (result.expected, result.found, result.mismatches) == (11, 11, 0)


def test_a_change_that_is_told_after_mending_is_taken(index: SearchIndex) -> None:
    damage(index)
    compared(index, mend=True)
    for order_id in ("a-3", "a-10"):
        Row.objects.filter(order_id=order_id).update(status="FAILED")
    tell(index, "a-3", "a-10", position=POSITION + 100)
    assert compared(index).mismatches == 0


def test_what_was_indexed_since_it_was_looked_at_is_left_alone(index: SearchIndex) -> None:
    damage(index)
    order_ids = ["a-3", "a-5"]
    found, rows = documents_of(index, order_ids), rows_of(order_ids)
    Row.objects.filter(order_id="a-3").update(status="FAILED")
    tell(index, "a-3", position=POSITION + 100)
    assert put_right(index, rows, found) == 1
    assert documents_of(index, order_ids)["a-3"].values["status"] == "FAILED"
    assert documents_of(index, order_ids)["a-5"].values["amount"] == 5


def test_rows_that_changed_just_now_are_left_out(index: SearchIndex) -> None:
    Row.objects.filter(order_id="a-3").update(status="REFUNDED")
    assert compared(index, settle=timedelta(seconds=60)).mismatches == 0
    assert compared(index).mismatches == 1
