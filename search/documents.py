"""What stands in the search index, document by document, and how one is put right."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from search.bulk import document
from search.index import SearchIndex

PAGE = 5000
PLAIN = ("order_id", "user_id", "amount", "status", "kind", "refund_of")
CONFLICT = 409


class NotWritten(RuntimeError):
    """Elasticsearch refused documents; says why the first one."""


@dataclass(frozen=True, slots=True)
class Document:
    order_id: str
    values: Mapping[str, Any]
    """what it has of a row's columns, as they are indexed; times in milliseconds since 1970"""
    place: Mapping[str, int]
    """of its last write: with it, another write is refused if somebody else has written meanwhile"""


def all_documents(index: SearchIndex) -> Iterator[Document]:
    """Every document, in the order of their order ids' code points, page by page."""
    page: dict[str, Any] = {"sort": [{"order_id": "asc"}], "size": PAGE}
    while hits := _search(index, **page):
        yield from map(_document, hits)
        page["search_after"] = hits[-1]["sort"]


def documents_of(index: SearchIndex, order_ids: Collection[str]) -> dict[str, Document]:
    """The documents of these orders, by order id; those that are not there are left out."""
    hits = _search(index, query={"terms": {"order_id": list(order_ids)}}, size=len(order_ids))
    return {found.order_id: found for found in map(_document, hits)}


def put_right(index: SearchIndex, rows: Mapping[str, Mapping[str, Any] | None], found: Mapping[str, Document]) -> int:
    """Write the documents of these orders as their rows are, None: none; returns how many were written.

    found: the documents as they were before the rows were read. What was written by others since then is newer than the
    rows, and left alone. Raises NotWritten.
    """
    operations = [line for order_id, row in rows.items() for line in _write(index, order_id, row, found.get(order_id))]
    if not operations:
        return 0
    answers = index.elasticsearch.bulk(operations=operations, refresh="wait_for")["items"]
    outcomes = [about for answer in answers for about in answer.values()]
    if refused := [each for each in outcomes if each["status"] >= 300 and each["status"] != CONFLICT]:
        raise NotWritten(f"{len(refused)} documents, the first one: {refused[0]}")
    return sum(each["status"] < 300 for each in outcomes)


def _write(
    index: SearchIndex, order_id: str, row: Mapping[str, Any] | None, found: Document | None
) -> list[dict[str, Any]]:
    # Without a version of its own a write gets the next one after the present: below that of every change to come,
    # since those count the bytes of MySQL's binlog.
    target = {"_index": index.alias, "_id": order_id}
    if row is None:
        return [{"delete": target | dict(found.place)}] if found else []
    return [{"index": target | dict(found.place)} if found else {"create": target}, document(row)]


def _search(index: SearchIndex, **asked: Any) -> list[Any]:
    answer = index.elasticsearch.search(
        index=index.alias,
        source=False,
        docvalue_fields=[{"field": "timestamp", "format": "epoch_millis"}, *({"field": name} for name in PLAIN)],
        seq_no_primary_term=True,
        track_total_hits=False,
        # Half an answer would look like documents that are missing.
        allow_partial_search_results=False,
        **asked,
    )
    return list(answer["hits"]["hits"])


def _document(hit: Mapping[str, Any]) -> Document:
    values = {name: each[0] for name, each in hit["fields"].items()}
    if "timestamp" in values:
        values["timestamp"] = int(values["timestamp"])
    place = {"if_seq_no": hit["_seq_no"], "if_primary_term": hit["_primary_term"]}
    return Document(values.pop("order_id"), values, place)
