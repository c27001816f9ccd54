"""What a batch's messages become when they are read in columns: all of them, each once, as decode() would have it."""

import sys
from dataclasses import replace
from typing import Any

import pytest
from confluent_kafka import TIMESTAMP_CREATE_TIME, TIMESTAMP_LOG_APPEND_TIME, TIMESTAMP_NOT_AVAILABLE, Message
from structlog.testing import capture_logs

from analytics.management.commands import run_aggregator
from events import Status, Transaction, TransactionStatusChanged
from events.time import in_millis
from events.transactions import ChangedStatus
from fraud.management.commands import run_consumer
from notifications.management.commands import run_notifier
from search.management.commands import run_indexer
from streaming import clients
from streaming.consuming.column_reading import FEW, read_in_columns, unload
from streaming.decoding import decode
from streaming.messages import InvalidMessage
from streaming.records import records_of
from streaming.topics import TOPICS
from tests.records import RECEIVED
from transactions.management.commands import run_recorder

PAID = TransactionStatusChanged("a-1", 7, 1.0, ChangedStatus.PENDING, ChangedStatus.SUCCESS, RECEIVED)
ACCENTED = Transaction("café", 7, 1.0, Status.PENDING, RECEIVED)


def message(offset: int, event: Any = None, value: bytes | None = None, **more: Any) -> Message:
    event = event or Transaction(f"a-{offset}", 7, 1.0 + offset, Status.SUCCESS, RECEIVED)
    said = {
        "topic": TOPICS[type(event)].value,
        "partition": offset % 3,
        "offset": offset,
        "key": b"7",
        "value": clients.codec().encode(event) if value is None else value,
        "timestamp": (TIMESTAMP_LOG_APPEND_TIME, in_millis(RECEIVED)),
    }
    return Message(**said | more)


def decoded(messages: list[Message]) -> list[Any]:
    found: list[Any] = []
    for each in messages:
        try:
            found.append(decode(each))
        except InvalidMessage as invalid:
            found.append((each.offset(), str(invalid)))
    return found


def offset_of(found: Any) -> int:
    return int(found[0] if isinstance(found, tuple) else found.offset)


def test_each_message_is_read_once_as_decode_reads_it() -> None:
    messages = [message(offset) for offset in range(3 * FEW)]
    messages += [
        message(1000, value=b"nonsense"),
        message(1001, PAID),
        message(1002, ACCENTED),
        message(1003, timestamp=(TIMESTAMP_NOT_AVAILABLE, -1)),
        message(1004, timestamp=(TIMESTAMP_CREATE_TIME, in_millis(RECEIVED))),
        message(1005, Transaction("a-1", 7, float("nan"), Status.SUCCESS, RECEIVED)),
    ]
    orders, left = read_in_columns(messages)
    assert orders
    assert [each.offset() for each in left] == [1000, 1001, 1002, 1003, 1005]
    found = sorted([*records_of(orders), *decoded(list(left))], key=offset_of)
    assert found == sorted(decoded(messages), key=offset_of)


def test_what_is_left_stays_in_order() -> None:
    messages = [message(n, ACCENTED if n % 2 else None) for n in range(4 * FEW)]
    _, left = read_in_columns(messages)
    assert [each.offset() for each in left] == list(range(1, 4 * FEW, 2))


def test_a_few_are_all_left() -> None:
    messages = [message(n) for n in range(FEW - 1)]
    assert read_in_columns(messages) == (None, messages)


@pytest.mark.parametrize(
    "command", [run_aggregator.Command, run_consumer.Command, run_recorder.Command, run_notifier.Command]
)
def test_a_worker_that_takes_columns_reads_row_by_row_while_it_is_traced(command: type[Any], settings: Any) -> None:
    assert command()._reading() == {"in_columns": read_in_columns, "unload": unload}
    settings.TRACES = replace(settings.TRACES, kind="file")
    assert command()._reading() == {}


def test_where_nothing_can_be_compiled_it_reads_row_by_row_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    for name in ("compiling", "plain_orders", "consuming.column_reading"):
        monkeypatch.delitem(sys.modules, f"streaming.{name}")
    with capture_logs() as logs:
        assert run_aggregator.Command()._reading() == {}
    assert [each["event"] for each in logs] == ["orders are read one by one, which is slower"]


def test_other_workers_are_given_no_columns() -> None:
    assert run_indexer.Command()._reading() == {}
