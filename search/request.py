"""From the JSON body of a search to the Query it asks. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from events import ChangedStatus
from search import cursors, request_values
from search.query import DEFAULT_SIZE, DEFAULT_SORT, Facet, Filters, Kind, Query
from search.request_values import Refused

MAX_HOURS = 1000
"""in the facet `hour`; days need no such limit"""

FIELDS: Mapping[str, Sequence[str]] = {
    "user_id": (),
    "amount": ("gte", "lte"),
    "status": (),
    "kind": (),
    "order_id": (),
    "timestamp": ("gte", "lt"),
    "sort": (),
    "size": (),
    "cursor": (),
    "facets": (),
    # The words of lists; they mean here what they mean there.
    "limit": (),
    "amount_min": (),
    "amount_max": (),
    "from": (),
    "to": (),
}
"""Every field of the body, with its own fields."""

Path = tuple[str, ...]
T = TypeVar("T")


class InvalidQuery(ValueError):
    """The body asks for what cannot be.

    errors: a sentence for each wrong field, in a list, nested as the body is: {"amount": {"gte": ["Give …"]}}.
    """

    def __init__(self, errors: Mapping[str, Any]) -> None:
        super().__init__(str(errors))
        self.errors = errors


def parse(body: Mapping[str, Any]) -> Query:
    """The query in a JSON object; raises InvalidQuery."""
    reading = _Reading(body)
    query = Query(
        filters=Filters(
            user_ids=reading.one_or_many("user_id", request_values.user_id),
            statuses=reading.one_or_many("status", request_values.one_of(ChangedStatus)),
            kinds=reading.one_or_many("kind", request_values.one_of(Kind)),
            order_ids=reading.one_or_many("order_id", request_values.order_id),
            amount_gte=reading.either("amount_min", ("amount", "gte"), request_values.amount),
            amount_lte=reading.either("amount_max", ("amount", "lte"), request_values.amount),
            timestamp_gte=reading.either("from", ("timestamp", "gte"), request_values.moment),
            timestamp_lt=reading.either("to", ("timestamp", "lt"), request_values.moment),
        ),
        sort=reading.value(("sort",), request_values.sort) or DEFAULT_SORT,
        size=reading.either("limit", ("size",), request_values.size) or DEFAULT_SIZE,
        facets=reading.many("facets", request_values.one_of(Facet)),
    )
    if not reading.errors:
        query = replace(query, after=reading.value(("cursor",), lambda raw: cursors.position(raw, query)))
        for path, sentence in _contradictions(query, body):
            reading.note(path, sentence)
    if reading.errors:
        raise InvalidQuery(reading.errors)
    return query


class _Reading:
    """Reads a body field by field, and notes what is wrong instead of stopping at it."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self._body = body
        self.errors: dict[str, Any] = {}
        for path, sentence in _misshapen(body):
            self.note(path, sentence)

    def note(self, path: Path, sentence: str) -> None:
        *parents, name = path
        place = self.errors
        for parent in parents:
            place = place.setdefault(parent, {})
        place[name] = [sentence]

    def value(self, path: Path, read: Callable[[Any], T]) -> T | None:
        """What stands at this place; None if nothing does, or something wrong."""
        place: Any = self._body
        for name in path:
            if not isinstance(place, Mapping) or name not in place:
                return None
            place = place[name]
        return self._read(path, place, read)

    def either(self, word: str, path: Path, read: Callable[[Any], T]) -> T | None:
        """What stands at this place or, in the word of lists for it, in a field of its own."""
        if word not in self._body:
            return self.value(path, read)
        if self.value(path, lambda raw: raw) is not None:
            self.note((word,), f"Give this or {'.'.join(path)}, not both: they mean the same.")
        return self.value((word,), read)

    def one_or_many(self, name: str, read: Callable[[Any], T]) -> tuple[T, ...]:
        """A single value, or those of a list."""
        if name not in self._body or isinstance(self._body[name], list):
            return self.many(name, read)
        one = self.value((name,), read)
        return () if one is None else (one,)

    def many(self, name: str, read: Callable[[Any], T]) -> tuple[T, ...]:
        """The right ones of a list's values, each once."""
        raw = self.value((name,), request_values.some) or ()
        read_ones = [self._read((name, str(number)), one, read) for number, one in enumerate(raw)]
        return tuple(dict.fromkeys(one for one in read_ones if one is not None))

    def _read(self, path: Path, raw: Any, read: Callable[[Any], T]) -> T | None:
        try:
            return read(raw)
        except Refused as refused:
            self.note(path, str(refused))
            return None


def _misshapen(body: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Names that there are not, and ranges that are none."""
    for name, value in body.items():
        if name not in FIELDS:
            yield (name,), f"There is no such field: use {', '.join(FIELDS)}."
        elif (ends := FIELDS[name]) and not (isinstance(value, Mapping) and value):
            yield (name,), f"Give an object with {' and '.join(ends)}, or with one of them."
        elif ends:
            yield from (
                ((name, end), f"There is no such field: use {' and '.join(ends)}.") for end in value if end not in ends
            )


def _contradictions(query: Query, body: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """What is wrong although each field by itself is right."""
    asked = query.filters
    if asked.amount_gte is not None and asked.amount_lte is not None and asked.amount_gte > asked.amount_lte:
        yield (
            ("amount" if "amount" in body else "amount_min",),
            "No amount is at least gte and at most lte: give a gte up to lte.",
        )
    begin, end = asked.timestamp_gte, asked.timestamp_lt
    if begin is not None and end is not None and begin > end:  # at one moment nothing is, as in lists
        yield (
            ("timestamp" if "timestamp" in body else "from",),
            "No moment is from gte on and before lt: give a gte up to lt.",
        )
    if Facet.HOUR in query.facets and (begin is None or end is None or end - begin > timedelta(hours=MAX_HOURS)):
        yield (
            ("facets",),
            f"hour needs a timestamp with gte and lt at most {MAX_HOURS} hours apart: give them, or ask for day.",
        )
