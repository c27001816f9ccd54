"""Searches answered by the table of transactions itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import Any, Self

from django.apps import apps
from django.db import InterfaceError, OperationalError, ProgrammingError
from django.db.models import Case, Count, F, Model, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import TruncDay, TruncHour

from search.backends import SearchUnavailable
from search.query import AMOUNT_BOUNDS, After, Answer, Facet, Filters, Found, Query, Sort, SortField


class DatabaseSearch:
    """Asks a table with the columns of `transactions`, so what is recorded is found at once.

    A total counts all that match, and a facet reads them: narrow them by user or time on a large table.
    """

    def __init__(self, model: type[Model]) -> None:
        self._rows: QuerySet[Any, Any] = model._default_manager.all()

    @classmethod
    def of(cls, label: str) -> Self:
        """Of the model with this label, such as transactions.Transaction."""
        return cls(apps.get_model(label))

    def search(self, query: Query) -> Answer:
        with _unavailable_if_down():
            found = self._rows.filter(*_conditions(query.filters))
            page = _page(found, query)
            return Answer(
                total=found.count(),
                transactions=page[: query.size],
                has_more=len(page) > query.size,
                counts={facet: _counts(found, facet) for facet in query.facets},
            )

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


def _conditions(asked: Filters) -> list[Q]:
    values = {
        "user_id__in": asked.user_ids,
        "status__in": asked.statuses,
        "kind__in": asked.kinds,
        "order_id__in": asked.order_ids,
        "amount__gte": asked.amount_gte,
        "amount__lte": asked.amount_lte,
        "timestamp__gte": asked.timestamp_gte,
        "timestamp__lt": asked.timestamp_lt,
    }
    return [Q((lookup, value)) for lookup, value in values.items() if value not in ((), None)]


def _page(found: QuerySet[Any, Any], query: Query) -> list[Found]:
    """The transactions of the page, and one more if there is one."""
    if query.after:
        found = found.filter(_beyond(query.sort, query.after))
    names = [field.name for field in fields(Found)]
    rows = found.order_by(*_order(query.sort)).values(*names)[: query.size + 1]
    return [Found(**row) for row in rows]


def _order(sort: Sort) -> list[str]:
    if sort.field == SortField.ORDER_ID:
        return [str(sort)]
    return [str(sort), "order_id" if sort.descending else "-order_id"]


def _beyond(sort: Sort, after: After) -> Q:
    """What comes after a place in this order."""
    beyond, ties = ("lt", "gt") if sort.descending else ("gt", "lt")
    if sort.field == SortField.ORDER_ID:
        return Q((f"order_id__{beyond}", after.order_id))
    # The same as `further or equal with a tie`, in the form that an index on the field can serve.
    return Q((f"{sort.field}__{beyond}e", after.value)) & (
        Q((f"{sort.field}__{beyond}", after.value)) | Q((f"order_id__{ties}", after.order_id))
    )


def _counts(found: QuerySet[Any, Any], facet: Facet) -> dict[Any, int]:
    return dict(found.order_by().values_list(_value_of(facet)).annotate(Count("pk")))


def _value_of(facet: Facet) -> Combinable:
    match facet:
        case Facet.HOUR:
            return TruncHour("timestamp")
        case Facet.DAY:
            return TruncDay("timestamp")
        case Facet.AMOUNT:
            below = [When(amount__lt=bound, then=Value(number)) for number, bound in enumerate(AMOUNT_BOUNDS)]
            return Case(*below, default=Value(len(AMOUNT_BOUNDS)))
    return F(facet)
