"""From a changed row to what is sent to the index, and what its answer means. Pure."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum, auto
from typing import Any, Protocol

from events.time import in_millis

FAULT_OF_THE_DOCUMENT = {400, 413}


class Outcome(Enum):
    DONE = auto()
    LATER = auto()
    """it may be taken another time"""
    INDEX_GONE = auto()
    """the index has been replaced meanwhile by another one, which has the change"""
    REFUSED = auto()
    """it will never be taken"""


class Change(Protocol):
    """A row as it is now, or None if it is gone, and a version that grows with every change."""

    @property
    def key(self) -> str: ...
    @property
    def row(self) -> Mapping[str, Any] | None: ...
    @property
    def version(self) -> int: ...


def write(index: str, change: Change) -> list[dict[str, Any]]:
    """The lines of a bulk request that make a document what the row is, unless the index knows a later version."""
    target = {"_index": index, "_id": change.key, "version": change.version, "version_type": "external"}
    return [{"delete": target}] if change.row is None else [{"index": target}, document(change.row)]


def document(row: Mapping[str, Any]) -> dict[str, Any]:
    """The whole row, times in milliseconds since 1970, as Confluent's sink writes them too."""
    return {name: in_millis(value) if isinstance(value, datetime) else value for name, value in row.items()}


def outcome(item: Mapping[str, Any]) -> Outcome:
    """What an answer to one line means.

    A version conflict (409) says that the index knows this change or a later one; 404 on a deletion, that the document
    is gone already. What is neither that nor the document's fault lies with Elasticsearch, or with our rights there.
    """
    ((action, about),) = item.items()
    status = about["status"]
    if about.get("error", {}).get("type") == "index_not_found_exception":
        return Outcome.INDEX_GONE
    if status < 300 or status == 409 or (status == 404 and action == "delete"):
        return Outcome.DONE
    return Outcome.REFUSED if status in FAULT_OF_THE_DOCUMENT else Outcome.LATER


def reason(item: Mapping[str, Any]) -> str:
    """Why Elasticsearch did not take a line."""
    ((_, about),) = item.items()
    error = about.get("error", {})
    causes = [error.get("reason"), error.get("caused_by", {}).get("reason")]
    return f"Elasticsearch answers {about['status']}: {'; '.join(cause for cause in causes if cause)}"
