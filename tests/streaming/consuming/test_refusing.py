from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from events import Status, Transaction
from streaming.consuming.refusing import refusing
from streaming.messages import InvalidRecords
from streaming.records import Batch, Record
from tests.records import batch

BAD, WORSE = "it is bad", "it is worse"


def order(order_id: str) -> Transaction:
    return Transaction(order_id, 1, 1.0, Status.PENDING, datetime(2026, 11, 22, tzinfo=UTC))


def bad(records: Sequence[Record[Any]]) -> list[tuple[Record[Any], str]]:
    return [(record, BAD) for record in records if record.event.order_id.startswith("bad")]


class Handler:
    """Keeps what it is given, and refuses what is worse."""

    def __init__(self) -> None:
        self.given: list[str] = []
        self.handle = refusing(bad)(self._handle)

    def _handle(self, given: Batch[Any], *, mark: str = "") -> None:
        self.given += [f"{mark}{event.order_id}" for event in given.events]
        if worse := [(record, WORSE) for record in given.records if record.event.order_id.startswith("worse")]:
            raise InvalidRecords(worse)


def test_the_others_are_handled_before_anything_is_refused() -> None:
    handler = Handler()
    with pytest.raises(InvalidRecords) as refused:
        handler.handle(batch(order("good-1"), order("bad-1"), order("good-2")), mark="#")
    assert handler.given == ["#good-1", "#good-2"]
    assert [(record.event.order_id, why) for record, why in refused.value.reasons] == [("bad-1", BAD)]


def test_what_the_handler_refuses_itself_is_refused_too() -> None:
    with pytest.raises(InvalidRecords) as refused:
        Handler().handle(batch(order("worse-1"), order("bad-1")))
    assert {record.event.order_id: why for record, why in refused.value.reasons} == {"worse-1": WORSE, "bad-1": BAD}


def test_a_handler_is_not_given_an_empty_batch() -> None:
    def fail(given: Batch[Any]) -> None:
        raise AssertionError(given)

    with pytest.raises(InvalidRecords):
        refusing(bad)(fail)(batch(order("bad-1")))


def test_where_nothing_is_refused_nothing_is_raised() -> None:
    handler = Handler()
    handler.handle(batch(order("good-1")))
    assert handler.given == ["good-1"]
