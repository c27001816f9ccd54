"""What run_indexer and rebuild_index do, on a real Elasticsearch."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from search import consumers, services
from search.backends import SearchUnavailable, backend
from search.bulk import Change
from search.index import SearchIndex
from search.request import parse
from streaming.debezium import RowChange
from streaming.messages import InvalidRecords
from streaming.records import Batch, Record
from tests.search.contract import TWO, order
from transactions.models import Transaction

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def index(search_index: SearchIndex) -> SearchIndex:
    search_index.prepare()
    return search_index


def row(order_id: str, **values: Any) -> dict[str, Any]:
    plain = {"id": 1, "order_id": order_id, "user_id": 7, "amount": 10.0, "status": "SUCCESS", "timestamp": TWO}
    return plain | {"kind": "ORDER", "refund_of": None} | values


def written(order_id: str, version: int, **values: Any) -> RowChange:
    return RowChange(order_id, row(order_id, **values), version)


def deleted(order_id: str, version: int) -> RowChange:
    return RowChange(order_id, None, version)


def batch(*changes: RowChange) -> Batch[RowChange]:
    return Batch([Record(change, "mysql.transactions", 0, n, NOW) for n, change in enumerate(changes)])


def statuses(index: SearchIndex) -> dict[str, str]:
    index.elasticsearch.indices.refresh(index=index.alias)
    return {found.order_id: found.status for found in backend().search(parse({"size": 1000})).transactions}


def test_a_row_is_found_as_it_was_written(index: SearchIndex) -> None:
    consumers.index(batch(written("a-1", 1, amount=1299.99, status="PENDING")))
    index.elasticsearch.indices.refresh(index=index.alias)
    expected = order("a-1", amount=Decimal("1299.99"), status="PENDING")
    assert list(backend().search(parse({})).transactions) == [expected]


CHANGES = [
    written("a-1", 10, status="PENDING"),
    written("a-2", 11),
    written("a-1", 12, status="FAILED"),
    deleted("a-2", 13),
    written("a-3", 14),
    deleted("a-3", 15),
    written("a-3", 16, status="PENDING"),
    deleted("a-4", 17),
]


@pytest.mark.parametrize(
    "deliveries",
    [
        [CHANGES],
        [CHANGES, CHANGES],
        [CHANGES[4:], CHANGES],
        [CHANGES[::-1]],
        [[change] for change in CHANGES],
        [CHANGES, CHANGES[:2], CHANGES[2:4], CHANGES[4:5]],
    ],
    ids=["once", "twice", "end first", "backwards", "one by one", "old ones again"],
)
def test_however_changes_come_the_last_state_remains(index: SearchIndex, deliveries: list[list[RowChange]]) -> None:
    for changes in deliveries:
        consumers.index(batch(*changes))
    assert statuses(index) == {"a-1": "FAILED", "a-3": "PENDING"}


def test_a_document_that_is_refused_is_named_and_the_others_are_written(index: SearchIndex) -> None:
    changes = batch(written("a-1", 1), written("a-2", 2, amount="much"), written("a-3", 3))
    with pytest.raises(InvalidRecords) as refused:
        consumers.index(changes)
    ((record, reason),) = refused.value.reasons
    assert record is changes.records[1]
    assert "answers 400" in reason
    assert "amount" in reason
    assert set(statuses(index)) == {"a-1", "a-3"}


def test_changes_that_cannot_be_written_now_are_written_later(index: SearchIndex, monkeypatch: Any) -> None:
    monkeypatch.setattr(services, "PAUSES_SECONDS", (0.05,) * 3)
    index.elasticsearch.indices.put_settings(index="transactions-v1", settings={"index.blocks.write": True})
    with pytest.raises(SearchUnavailable, match="1 changes could not be written to transactions-v1"):
        consumers.index(batch(written("a-1", 1)))
    index.elasticsearch.indices.put_settings(index="transactions-v1", settings={"index.blocks.write": False})
    consumers.index(batch(written("a-1", 1)))
    assert set(statuses(index)) == {"a-1"}


def test_a_late_write_does_not_bring_back_an_index_that_was_replaced(index: SearchIndex) -> None:
    index.swap(index.build_beside())
    services.write_to("transactions-v1", index=index, changes=[written("a-1", 1)])
    assert index.versions() == {"transactions-v2": True}


@pytest.fixture
def table(db: None) -> None:
    Transaction.objects.bulk_create(
        Transaction(
            order_id=f"a-{n:02}",
            user_id=n,
            amount=Decimal(n) + Decimal("0.07"),
            status="SUCCESS",
            timestamp=TWO.replace(microsecond=n * 1000 + 999),
            kind="ORDER",
        )
        for n in range(25)
    )


def rebuild(*options: str) -> str:
    out = StringIO()
    call_command("rebuild_index", *options, stdout=out)
    return out.getvalue()


def test_an_index_is_rebuilt_from_the_table(index: SearchIndex, table: None) -> None:
    consumers.index(batch(written("no-more", 1)))
    assert rebuild() == "transactions stands for transactions-v2, with 25 transactions; deleted transactions-v1\n"
    found = backend().search(parse({"sort": "order_id", "size": 100})).transactions
    assert [(f.order_id, f.amount) for f in found] == [(f"a-{n:02}", Decimal(n) + Decimal("0.07")) for n in range(25)]
    assert found[3].timestamp == TWO.replace(microsecond=3000)


def test_what_changes_during_a_rebuild_is_in_the_new_index(index: SearchIndex) -> None:
    before = [written(f"a-{n}", n + 1, status="PENDING") for n in range(4)]
    consumers.index(batch(*before))
    copied = [replace(change, version=0) for change in before]

    def batches() -> Iterator[Sequence[Change]]:
        # After the rows were read, and before their copies are written.
        consumers.index(batch(written("a-0", 10, status="FAILED"), deleted("a-1", 11), written("a-new", 12)))
        yield copied
        # After that.
        consumers.index(batch(written("a-2", 13, status="FAILED"), deleted("a-3", 14)))

    rebuilt = services.rebuild(index=index, batches=batches())
    assert rebuilt.name == "transactions-v2"
    assert statuses(index) == {"a-0": "FAILED", "a-2": "FAILED", "a-new": "SUCCESS"}


def test_searches_are_answered_throughout_a_rebuild(index: SearchIndex) -> None:
    consumers.index(batch(written("a-1", 1)))
    seen = [statuses(index)]

    def batches() -> Iterator[Sequence[Change]]:
        seen.append(statuses(index))
        yield [written("a-1", 0)]
        seen.append(statuses(index))

    services.rebuild(index=index, batches=batches())
    assert [*seen, statuses(index)] == [{"a-1": "SUCCESS"}] * 4


def test_a_rebuild_that_fails_leaves_everything_as_it_was(index: SearchIndex) -> None:
    consumers.index(batch(written("a-1", 1)))

    def batches() -> Iterator[Sequence[Change]]:
        yield [written("a-2", 0)]
        raise RuntimeError("the table is away")

    with pytest.raises(RuntimeError):
        services.rebuild(index=index, batches=batches())
    assert index.versions() == {"transactions-v1": True}
    assert set(statuses(index)) == {"a-1"}


def test_two_rebuilds_do_not_get_into_each_other(index: SearchIndex, table: None) -> None:
    index.build_beside()
    with pytest.raises(CommandError, match="transactions-v2 is being built already"):
        rebuild()
    assert "stands for transactions-v2" in rebuild("--anew")
    assert index.versions() == {"transactions-v2": True}


def test_there_must_be_an_index_to_rebuild(search_index: SearchIndex, db: None) -> None:
    with pytest.raises(CommandError, match=r"run `manage.py prepare_index`"):
        rebuild()
