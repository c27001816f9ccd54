"""What was read of the topics, kept beside the memory, and given out order by order as often as it is wanted."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from functools import cache
from types import TracebackType
from typing import Any, Self

from events import ChangedStatus, Correction, Status, Transaction, TransactionCorrected, TransactionStatusChanged
from events.time import from_micros, in_micros
from reconciliation.check import ASKED_AT_ONCE
from streaming.inspecting.topic_scan import ScannedRecord
from streaming.records import Record

TABLE = """
CREATE TABLE told (
    topic, number, place, received, not_for, order_id, user_id, amount, status, happened, previous, correction, origin
)
"""
INSERT = "INSERT INTO told VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
ALL = "SELECT * FROM told ORDER BY order_id, rowid"
SINCE = "SELECT * FROM told WHERE order_id IN (SELECT order_id FROM told WHERE received >= ?) ORDER BY order_id, rowid"
MEMORY_KILOBYTES = 32_000
NOBODY: frozenset[str] = frozenset()

Event = Transaction | TransactionStatusChanged | TransactionCorrected
Buried = Mapping[str, frozenset[str]]
"""where a record stands → the groups that buried it"""


class Spool:
    """Records in a temporary database of SQLite, which has a file once it is large, and leaves nothing behind.

    It lies in the folder of temporary files (`SQLITE_TMPDIR`, `TMPDIR`): some 150 bytes a record, and as much again
    while it is put in order.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute(f"PRAGMA cache_size = -{MEMORY_KILOBYTES}")
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute(TABLE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._database.close()

    def add(self, scanned: Iterable[ScannedRecord]) -> None:
        self._database.execute("BEGIN")
        self._database.executemany(INSERT, map(_as_row, scanned))
        self._database.execute("COMMIT")

    def orders(self, since: datetime | None = None, buried: Buried | None = None) -> Iterator[list[ScannedRecord]]:
        """All records in the order of their order ids, those of one order as they came; some at a time.

        since: only orders of which something was received at that moment or later. buried: what is known by now.
        """
        asked = (ALL, ()) if since is None else (SINCE, (in_micros(since),))
        with closing(self._database.execute(*asked)) as found:
            while rows := found.fetchmany(ASKED_AT_ONCE):
                yield [_as_scanned(row, buried or {}) for row in rows]


def _as_row(scanned: ScannedRecord) -> tuple[Any, ...]:
    record, event = scanned.record, scanned.record.event
    return (
        record.topic, record.partition, record.offset, in_micros(record.received_at), ",".join(scanned.not_for),
        event.order_id, event.user_id, event.amount, event.status, in_micros(event.timestamp),
        getattr(event, "previous", None), getattr(event, "correction", None), getattr(event, "origin", None),
    )  # fmt: skip


def _as_scanned(row: tuple[Any, ...], buried: Buried) -> ScannedRecord:
    topic, number, place, received, not_for, *event = row
    record = Record(_event(event), topic, number, place, from_micros(received))
    return ScannedRecord(record, _groups(not_for) | (buried.get(record.stands_at, NOBODY) if buried else NOBODY))


def _event(columns: Sequence[Any]) -> Event:
    order_id, user_id, amount, status, happened, previous, correction, origin = columns
    order, moment = (order_id, user_id, amount), from_micros(happened)
    if correction:
        return TransactionCorrected(*order, Status(status), moment, Correction(correction), origin)
    if previous:
        return TransactionStatusChanged(*order, ChangedStatus(previous), ChangedStatus(status), moment)
    return Transaction(*order, Status(status), moment)


@cache
def _groups(names: str) -> frozenset[str]:
    return frozenset(names.split(",")) if names else NOBODY
