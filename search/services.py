"""What is written to the search index. Every write may come twice, late, or in any order: versions decide."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import sleep

import structlog
from elasticsearch import ApiError, TransportError

from search.backends import SearchUnavailable
from search.bulk import Change, Outcome, outcome, reason, write
from search.index import NotPrepared, SearchIndex

log = structlog.get_logger(__name__)

PAUSES_SECONDS = (0.1, 0.2, 0.5, 1, 2, 5, 5, 5, 5, 5)
"""between attempts: half a minute in all, well below the five after which Kafka takes a silent reader for dead"""
OVERLOADED = 429

Refusals = dict[int, str]
"""Why changes were refused for good, by their place among those that were to be written."""


def index_changes(*, index: SearchIndex, changes: Sequence[Change]) -> Refusals:
    """Write changes to every version of the index, so that one which is being built beside misses none.

    Raises SearchUnavailable if Elasticsearch does not take them, and NotPrepared if there is no index.
    """
    names = index.versions()
    if not names:
        raise NotPrepared(f"There is no index {index.alias}-v…: run `manage.py prepare_index`.")
    refused: Refusals = {}
    for name in names:
        refused |= write_to(name, index=index, changes=changes)
    return refused


@dataclass(frozen=True, slots=True)
class Rebuilt:
    name: str
    documents: int
    refused: Sequence[str]
    """why Elasticsearch did not take some rows"""
    deleted: Sequence[str]
    """the indices that it took the place of"""


def rebuild(*, index: SearchIndex, batches: Iterable[Sequence[Change]]) -> Rebuilt:
    """Build an index of the next version from batches of rows, and let it take the place of the one in use.

    batches: read from the table as they are asked for, not before. If anything fails, nothing has changed. Raises
    AlreadyThere if another one is being built.
    """
    name = index.build_beside()
    documents = 0
    refused: list[str] = []
    try:
        for batch in batches:
            refused += write_to(name, index=index, changes=batch).values()
            documents += len(batch)
        index.elasticsearch.indices.refresh(index=name)
        return Rebuilt(name, documents - len(refused), refused, deleted=index.swap(name))
    except BaseException:
        index.delete(name)
        raise


def write_to(name: str, *, index: SearchIndex, changes: Sequence[Change]) -> Refusals:
    """Write changes to one index; what it cannot take at once is tried again, and only that."""
    refused: Refusals = {}
    left, why = _attempt(name, index, changes, list(range(len(changes))), refused)
    for pause in PAUSES_SECONDS:
        if not left:
            return refused
        log.warning("the index takes some changes later", index=name, changes=len(left), why=why)
        sleep(pause)
        left, why = _attempt(name, index, changes, left, refused)
    if left:
        raise SearchUnavailable(f"{len(left)} changes could not be written to {name}: {why}")
    return refused


def _attempt(
    name: str, index: SearchIndex, changes: Sequence[Change], places: list[int], refused: Refusals
) -> tuple[list[int], str]:
    """Send the changes at these places; returns those to send again and why, and notes the refused ones."""
    operations = [line for place in places for line in write(name, changes[place])]
    try:
        items = index.elasticsearch.bulk(operations=operations)["items"]
    except TransportError as error:
        return places, str(error)
    except ApiError as error:
        if error.status_code != OVERLOADED and error.status_code < 500:
            raise
        return places, str(error)
    outcomes = {place: (outcome(item), item) for place, item in zip(places, items, strict=True)}
    refused |= {place: reason(item) for place, (what, item) in outcomes.items() if what is Outcome.REFUSED}
    later = {place: item for place, (what, item) in outcomes.items() if what is Outcome.LATER}
    return list(later), reason(next(iter(later.values()))) if later else ""
