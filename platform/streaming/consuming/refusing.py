"""Handlers that are given only some records of a batch, and refuse others."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from streaming.messages import InvalidRecords
from streaming.records import Batch, Record, without

P = ParamSpec("P")
Handler = Callable[Concatenate[Batch[Any], P], None]
Refused = Sequence[tuple[Record[Any], str]]
"""records, each with why"""


def refusing(refused_among: Callable[[Sequence[Record[Any]]], Refused]) -> Callable[[Handler[P]], Handler[P]]:
    """Gives a handler what `refused_among` does not name; then raises InvalidRecords for what it names."""

    def decorated(handle: Handler[P]) -> Handler[P]:
        @wraps(handle)
        def handle_others(batch: Batch[Any], /, *args: P.args, **kwargs: P.kwargs) -> None:
            refused = refused_among(batch.records)
            handle_and_refuse(without(batch, refused), lambda others: handle(others, *args, **kwargs), refused)

        return handle_others

    return decorated


def handle_and_refuse(others: Batch[Any], handle: Callable[[Batch[Any]], None], refused: Refused) -> None:
    """Handle a batch; then raise InvalidRecords for what the handler refuses of it and what is refused already."""
    try:
        if others:
            handle(others)
    except InvalidRecords as invalid:
        raise InvalidRecords([*refused, *invalid.reasons]) from invalid
    if refused:
        raise InvalidRecords(refused)
