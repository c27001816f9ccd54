from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from search.bulk import Outcome, outcome, reason, write


@dataclass(frozen=True)
class Change:
    key: str
    row: dict[str, Any] | None
    version: int


def test_a_written_row_becomes_its_whole_document_under_its_key_and_version() -> None:
    row = {"id": 1, "order_id": "a-1", "amount": 12.5, "timestamp": datetime(2026, 11, 22, 14, tzinfo=UTC), "x": None}
    assert write("transactions-v1", Change("a-1", row, 7)) == [
        {"index": {"_index": "transactions-v1", "_id": "a-1", "version": 7, "version_type": "external"}},
        {"id": 1, "order_id": "a-1", "amount": 12.5, "timestamp": 1795356000000, "x": None},
    ]


def test_a_row_that_is_gone_takes_its_document_along() -> None:
    assert write("transactions-v1", Change("a-1", None, 8)) == [
        {"delete": {"_index": "transactions-v1", "_id": "a-1", "version": 8, "version_type": "external"}}
    ]


@pytest.mark.parametrize(
    ("action", "status", "error", "expected"),
    [
        ("index", 201, None, Outcome.DONE),
        ("index", 200, None, Outcome.DONE),
        ("delete", 200, None, Outcome.DONE),
        ("delete", 404, None, Outcome.DONE),
        ("index", 409, "version_conflict_engine_exception", Outcome.DONE),
        ("delete", 409, "version_conflict_engine_exception", Outcome.DONE),
        ("index", 400, "document_parsing_exception", Outcome.REFUSED),
        ("index", 413, "x", Outcome.REFUSED),
        ("index", 429, "es_rejected_execution_exception", Outcome.LATER),
        ("index", 429, "cluster_block_exception", Outcome.LATER),
        ("delete", 503, "unavailable_shards_exception", Outcome.LATER),
        ("index", 500, "x", Outcome.LATER),
        ("index", 403, "security_exception", Outcome.LATER),
        ("index", 404, "index_not_found_exception", Outcome.INDEX_GONE),
        ("delete", 404, "index_not_found_exception", Outcome.INDEX_GONE),
    ],
)
def test_what_an_answer_means(action: str, status: int, error: str | None, expected: Outcome) -> None:
    about = {"status": status} | ({"error": {"type": error, "reason": "because"}} if error else {})
    assert outcome({action: about}) is expected


def test_a_reason_names_the_cause() -> None:
    error = {
        "type": "x",
        "reason": "failed to parse field [amount]",
        "caused_by": {"reason": 'For input string: "abc"'},
    }
    assert reason({"index": {"status": 400, "error": error}}) == (
        'Elasticsearch answers 400: failed to parse field [amount]; For input string: "abc"'
    )
