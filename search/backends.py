"""What answers searches. The setting SEARCH chooses: kind:where."""

from collections.abc import Mapping
from typing import Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

from search.query import Answer, Query

BACKENDS: Mapping[str, str] = {
    "database": "search.database.DatabaseSearch",
    "elasticsearch": "search.elastic.ElasticsearchSearch",
}
"""The class of each kind, loaded only where it is chosen; its of() takes where to look."""


class SearchUnavailable(RuntimeError):
    """What answers searches does not answer."""


class SearchBackend(Protocol):
    """Raises SearchUnavailable when it cannot answer. tests/search/contract.py is what every one of them keeps to."""

    def search(self, query: Query) -> Answer: ...

    def ping(self) -> None:
        """Return if a search would be answered."""


def backend() -> SearchBackend:
    """The adapter that SEARCH chooses."""
    return cast(SearchBackend, import_string(BACKENDS[settings.SEARCH.kind]).of(settings.SEARCH.where))


def ping() -> None:
    """Return if a search would be answered; raises SearchUnavailable."""
    backend().ping()
