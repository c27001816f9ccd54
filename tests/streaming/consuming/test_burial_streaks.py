from typing import Any

import pytest

from events import Status, Transaction
from streaming.consuming.burial_streaks import Streaks, TooManyInvalidMessages
from streaming.messages import Buried, Progress
from streaming.records import Batch
from tests.records import RECEIVED, records
from tests.streaming.logs import message

P1 = ("transactions", 1)


def progress(outcomes: str, first_offset: int = 0, partition: int = 1) -> Progress:
    """A batch of one partition, a letter a message: `g` handled, `b` unreadable, `r` refused by the handler."""
    buried: list[Buried] = []
    handled: list[Any] = []
    for offset, outcome in enumerate(outcomes, first_offset):
        if outcome in "br":
            buried.append(Buried(message(partition, offset, b"7", b"x"), f"reason {offset}"))
        if outcome in "gr":
            order = Transaction(f"a-{offset}", 7, 1.0, Status.SUCCESS, RECEIVED)
            handled += records(order, first_offset=offset, partition=partition)
    return Progress(len(outcomes), Batch(handled), buried, {}, 0.0)


@pytest.mark.parametrize(
    ("batches", "streak"),
    [
        (["ggg"], None),
        (["gbb"], (2, 2, "reason 2")),
        (["bbg"], None),
        (["bb", "bb"], (4, 3, "reason 3")),
        (["bb", "bg"], None),
        (["bb", "gb"], (1, 3, "reason 3")),
        (["brb", "r"], (4, 3, "reason 3")),
    ],
)
def test_a_streak_is_what_was_buried_last_with_nothing_good_in_between(
    batches: list[str], streak: tuple[int, int, str] | None
) -> None:
    streaks, offset = Streaks(), 0
    for batch in batches:
        streaks.note(progress(batch, offset))
        offset += len(batch)
    found = streaks.current.get(P1)
    assert (found and (found.count, found.offset, found.reason)) == streak


def test_partitions_have_streaks_of_their_own() -> None:
    streaks = Streaks()
    streaks.note(progress("bb", partition=0))
    streaks.note(progress("bgb"))
    assert {where: streak.count for where, streak in streaks.current.items()} == {("transactions", 0): 2, P1: 1}


def test_only_a_limit_stops() -> None:
    streaks = Streaks()
    streaks.note(progress("b" * 200))
    streaks.stop_beyond(0)
    streaks.stop_beyond(200)
    with pytest.raises(TooManyInvalidMessages, match=r"more than 199 .* offset 199 of transactions\[1\]: reason 199"):
        streaks.stop_beyond(199)
