"""The search index: how it is laid out, and under which names it is found.

An alias is what everybody asks (`transactions`). Behind it stands an index of some version (`transactions-v1`), so that
another one can be built beside it and take its place: see rebuild_index.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from elasticsearch import Elasticsearch

TIMEOUT_SECONDS = 10

SETTINGS: Mapping[str, Any] = {
    "number_of_shards": 1,
    # A copy as soon as there is a second node; one node alone is whole without.
    "auto_expand_replicas": "0-1",
    # How long a change may take to be found once it is written.
    "refresh_interval": "300ms",
    # The version of what was deleted is remembered longer than any replay of older changes takes.
    "gc_deletes": "1h",
}

MAPPINGS: Mapping[str, Any] = {
    # Whatever else a row has is kept in the document, and not searched.
    "dynamic": False,
    "properties": {
        # Keywords are compared as they are, capital letters and all, just as the table's columns are.
        "order_id": {"type": "keyword"},
        "user_id": {"type": "long"},
        # A double names every amount up to 10^12 with two decimals, and in the same order: comparing is exact, and
        # nothing is summed here. scaled_float would not be: it multiplies a filter's bound by 100 as a double, so that
        # {gte: 0.07} becomes 8 cents.
        "amount": {"type": "double"},
        "status": {"type": "keyword"},
        # Writers send milliseconds since 1970. In this order: the other way round, the year 2026 would be one of them.
        "timestamp": {"type": "date", "format": "strict_date_optional_time||epoch_millis"},
        "kind": {"type": "keyword"},
        "refund_of": {"type": "keyword"},
    },
}


class NotPrepared(RuntimeError):
    """There is no index behind the alias."""


class AlreadyThere(RuntimeError):
    """An index beside the one in use is there already."""


@cache
def client(url: str, user: str, password: str, ca_file: str | None) -> Elasticsearch:
    """A client; one for the process, since it keeps connections open."""
    trust = {"ca_certs": ca_file} if ca_file else {}
    return Elasticsearch(
        url,
        basic_auth=(user, password) if user else None,
        **trust,  # type: ignore[arg-type] # the paths that it takes are strings
        request_timeout=TIMEOUT_SECONDS,
        retry_on_timeout=False,
        max_retries=1,
    )


@dataclass(frozen=True, slots=True)
class SearchIndex:
    """An alias in an Elasticsearch, and the indices of all versions that belong to it."""

    elasticsearch: Elasticsearch
    alias: str

    @classmethod
    def of(cls, url: str) -> Self:
        """Of http(s)://user@host:port/alias, the form of SEARCH; the password stands in SEARCH_PASSWORD_FILE."""
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        alias = parts.path.strip("/")
        if not (parts.scheme in ("http", "https") and host and alias):
            raise ImproperlyConfigured(
                "SEARCH=elasticsearch:… names no index: set it to elasticsearch:https://user@host:port/index."
            )
        made = client(
            urlunsplit((parts.scheme, host, "", "", "")),
            parts.username or "",
            parts.password or settings.SEARCH_PASSWORD,
            str(settings.CA_FILE) if settings.CA_FILE and parts.scheme == "https" else None,
        )
        return cls(made, alias)

    @classmethod
    def configured(cls) -> Self:
        """The one that SEARCH names; raises ImproperlyConfigured if it names another kind."""
        if settings.SEARCH.kind != "elasticsearch":
            raise ImproperlyConfigured(
                f"SEARCH={settings.SEARCH.kind}:… names no index: set it to elasticsearch:https://user@host:port/index."
            )
        return cls.of(settings.SEARCH.where)

    def prepare(self) -> str:
        """Make template, index and alias where they are missing; returns the name of the index in use."""
        self.elasticsearch.indices.put_index_template(
            name=self.alias,
            index_patterns=[self.alias, f"{self.alias}-v*"],
            template={"settings": {"index": SETTINGS}, "mappings": MAPPINGS},
            priority=100,
            # A late write must not bring back an index that has been replaced, nor take the alias's name.
            allow_auto_create=False,
        )
        versions = self.versions()
        if used := [name for name, is_used in versions.items() if is_used]:
            return used[0]
        name = self._next(versions)
        self.elasticsearch.indices.create(index=name, aliases={self.alias: {}})
        return name

    def versions(self) -> dict[str, bool]:
        """The index of every version, and whether the alias stands for it. A change is to be written to all of them."""
        found = self.elasticsearch.indices.get_alias(index=f"{self.alias}-v*")
        return {name: self.alias in about["aliases"] for name, about in sorted(found.items())}

    def build_beside(self) -> str:
        """Make the index of the next version, which the alias does not stand for yet; returns its name.

        Raises AlreadyThere if there is one, and NotPrepared if there is none in use.
        """
        versions = self.versions()
        if not any(versions.values()):
            raise NotPrepared(f"No index stands behind {self.alias}: run `manage.py prepare_index`.")
        if beside := [name for name, is_used in versions.items() if not is_used]:
            raise AlreadyThere(", ".join(beside))
        name = self._next(versions)
        self.elasticsearch.indices.create(index=name)
        return name

    def swap(self, new: str) -> list[str]:
        """Let the alias stand for `new` only, and delete all other versions, in one step; returns their names."""
        others = [name for name in self.versions() if name != new]
        self.elasticsearch.indices.update_aliases(
            actions=[
                {"add": {"index": new, "alias": self.alias}},
                *({"remove_index": {"index": name}} for name in others),
            ]
        )
        return others

    def delete(self, name: str) -> None:
        self.elasticsearch.indices.delete(index=name)

    def _next(self, versions: Mapping[str, bool]) -> str:
        numbers = [int(name.removeprefix(f"{self.alias}-v")) for name in versions]
        return f"{self.alias}-v{max(numbers, default=0) + 1}"
