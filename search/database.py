"""Searches answered by the table of transactions itself."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from typing import Any, Self

from django.apps import apps
from django.conf import settings
from django.db import InterfaceError, OperationalError, ProgrammingError, connection
from django.db.models import Case, CharField, Count, F, Model, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable, OrderBy
from django.db.models.functions import Concat, Substr, TruncDay, TruncHour

from database.time_limit import time_limit
from database.unindexed import Unindexed
from search import choice
from search.backends import SearchUnavailable
from search.query import AMOUNT_BOUNDS, COUNTED_UP_TO, After, Answer, Facet, Filters, Found, Query, Sort, SortField


class DatabaseSearch:
    """Asks a table with the columns of `transactions`, so what is recorded is found at once.

    A facet reads all that match: within settings.QUERY_SECONDS, or not at all.
    """

    def __init__(self, model: type[Model]) -> None:
        self._rows: QuerySet[Any, Any] = model._default_manager.all()

    @classmethod
    def of(cls, label: str) -> Self:
        """Of the model with this label, such as transactions.Transaction."""
        return cls(apps.get_model(label))

    def search(self, query: Query) -> Answer:
        with _unavailable_if_down(), time_limit(settings.QUERY_SECONDS):
            finding = choice.finding(query.filters)
            found = self._found(query.filters, finding)
            count = found.order_by()[: COUNTED_UP_TO + 1].count()
            is_exact = count <= COUNTED_UP_TO
            # Few are found and sorted; of many, an index in the order asked for has the page at its beginning.
            chosen_by = finding if is_exact else choice.paging(query.filters, query.sort)
            page = _page(self._found(query.filters, chosen_by, _closer(query)), query, chosen_by)
            return Answer(
                total=min(count, COUNTED_UP_TO),
                is_exact=is_exact,
                transactions=page[: query.size],
                has_more=len(page) > query.size,
                counts={facet: _counts(found, facet) for facet in query.facets},
            )

    def _found(
        self, asked: Filters, chosen_by: Collection[str], closer: tuple[str, str] | None = None
    ) -> QuerySet[Any, Any]:
        return self._rows.filter(*_conditions(asked, chosen_by, closer))

    def ping(self) -> None:
        with _unavailable_if_down():
            self._rows.order_by()[:1].exists()


@contextmanager
def _unavailable_if_down() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, ProgrammingError) as error:
        # ProgrammingError is what MySQL calls a table that is not there.
        raise SearchUnavailable(f"the database does not answer: {error}") from error


def _conditions(asked: Filters, chosen_by: Collection[str], closer: tuple[str, str] | None) -> list[Q]:
    """chosen_by: the columns by whose indexes rows may be found. closer: which side of one a cursor bounds closer."""
    values = {
        ("user_id", "in"): asked.user_ids,
        ("status", "in"): asked.statuses,
        ("kind", "in"): asked.kinds,
        ("order_id", "in"): asked.order_ids,
        ("amount", "gte"): asked.amount_gte,
        ("amount", "lte"): asked.amount_lte,
        ("timestamp", "gte"): asked.timestamp_gte,
        ("timestamp", "lt"): asked.timestamp_lt,
    }
    return [
        Q((f"{_lookup(column, () if (column, lookup[:2]) == closer else chosen_by)}__{lookup}", value))
        for (column, lookup), value in values.items()
        if value not in ((), None)
    ]


def _page(found: QuerySet[Any, Any], query: Query, chosen_by: Collection[str]) -> list[Found]:
    """The transactions of the page, and one more if there is one."""
    if query.after:
        found = found.filter(_beyond(query.sort, query.after, chosen_by))
    names = [field.name for field in fields(Found)]
    rows = found.order_by(*_order(query.sort, chosen_by)).values(*names)[: query.size + 1]
    return [Found(**row) for row in rows]


def _closer(query: Query) -> tuple[str, str] | None:
    """The column that the query's cursor bounds, and from which side: SQLite searches by one bound from each."""
    return (query.sort.field, "lt" if query.sort.descending else "gt") if query.after else None


def _lookup(column: str, chosen_by: Collection[str]) -> str:
    return column if column in chosen_by else f"{column}__{Unindexed.lookup_name}"


def _order(sort: Sort, chosen_by: Collection[str]) -> list[OrderBy]:
    first = F(_lookup(sort.field, chosen_by))
    if sort.field == SortField.ORDER_ID:
        return [OrderBy(first, descending=sort.descending)]
    return [OrderBy(first, descending=sort.descending), OrderBy(F("order_id"), descending=not sort.descending)]


def _beyond(sort: Sort, after: After, chosen_by: Collection[str]) -> Q:
    """What comes after a place in this order."""
    beyond, ties = ("lt", "gt") if sort.descending else ("gt", "lt")
    name = _lookup(sort.field, chosen_by)
    if sort.field == SortField.ORDER_ID:
        return Q((f"{name}__{beyond}", after.order_id))
    # The same as `further or equal with a tie`, in the form that an index on the field can serve.
    return Q((f"{name}__{beyond}e", after.value)) & (
        Q((f"{name}__{beyond}", after.value)) | Q((f"order_id__{ties}", after.order_id))
    )


def _counts(found: QuerySet[Any, Any], facet: Facet) -> dict[Any, int]:
    counts = dict(found.order_by().values_list(_value_of(facet)).annotate(Count("pk")))
    if facet in BEGINNINGS and connection.vendor == "sqlite":
        return {datetime.fromisoformat(f"{beginning}+00:00"): count for beginning, count in counts.items()}
    return counts


BEGINNINGS = {Facet.HOUR: (13, ":00:00"), Facet.DAY: (10, " 00:00:00")}
"""How many characters of a moment in SQLite, where it is text in UTC, say its hour or day; and what that lacks."""


def _value_of(facet: Facet) -> Combinable:
    match facet:
        case Facet.HOUR | Facet.DAY if connection.vendor == "sqlite":
            # Django would have Python read each moment: twenty times slower.
            length, rest = BEGINNINGS[facet]
            return Concat(Substr("timestamp", 1, length), Value(rest), output_field=CharField())
        case Facet.HOUR:
            return TruncHour("timestamp")
        case Facet.DAY:
            return TruncDay("timestamp")
        case Facet.AMOUNT:
            below = [When(amount__lt=bound, then=Value(number)) for number, bound in enumerate(AMOUNT_BOUNDS)]
            return Case(*below, default=Value(len(AMOUNT_BOUNDS)))
    return F(facet)
