"""What is read from the table of transactions for the index."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from transactions.models import Transaction

BATCH_SIZE = 2000
BEFORE_EVERY_CHANGE = 0
"""the version of what is copied from the table: whatever change is published overrides it"""


@dataclass(frozen=True, slots=True)
class CopiedRow:
    key: str
    row: Mapping[str, Any]
    version: int = BEFORE_EVERY_CHANGE


def rows_in_batches(size: int = BATCH_SIZE) -> Iterator[list[CopiedRow]]:
    """Every row of the table, as Debezium publishes it; each batch is read, as it is then, when it is asked for."""
    rows = Transaction.objects.order_by("pk")
    last = 0
    while batch := list(rows.filter(pk__gt=last)[:size].values()):
        yield [CopiedRow(row["order_id"], {name: _as_published(value) for name, value in row.items()}) for row in batch]
        last = batch[-1]["id"]


def _as_published(value: Any) -> Any:
    """A double for a decimal: Debezium's decimal.handling.mode."""
    return float(value) if isinstance(value, Decimal) else value


def rows_of(order_ids: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """The rows of these orders as Debezium publishes them, by order id."""
    rows = Transaction.objects.filter(order_id__in=list(order_ids))
    return {row["order_id"]: {name: _as_published(value) for name, value in row.items()} for row in rows.values()}
