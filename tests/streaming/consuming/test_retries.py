from typing import Any

import pytest
from django.db import IntegrityError, OperationalError

from streaming.consuming import retries
from streaming.consuming.retries import again_if_given_up

DEADLOCK = OperationalError(1213, "Deadlock found when trying to get lock; try restarting transaction")
TOO_LONG = OperationalError(1205, "Lock wait timeout exceeded; try restarting transaction")


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: Any) -> None:
    monkeypatch.setattr(retries, "PAUSES_SECONDS", (0,) * len(retries.PAUSES_SECONDS))


class Handler:
    """Raises these errors one after another, then takes the batch."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.seen: list[str] = []

    def __call__(self, batch: str) -> None:
        self.seen.append(batch)
        if self.errors:
            raise self.errors.pop(0)


def test_a_batch_given_up_for_a_lock_is_handled_again_whole() -> None:
    handler = Handler(DEADLOCK, TOO_LONG)
    again_if_given_up(handler)("batch")
    assert handler.seen == ["batch"] * 3


@pytest.mark.parametrize(
    "error",
    [
        OperationalError(2006, "MySQL server has gone away"),
        OperationalError("database is locked"),
        OperationalError(),
        IntegrityError(1062, "Duplicate entry"),
        ValueError(1213),
    ],
)
def test_every_other_error_rises_at_once(error: Exception) -> None:
    handler = Handler(error)
    with pytest.raises(type(error)):
        again_if_given_up(handler)("batch")
    assert handler.seen == ["batch"]


def test_a_lock_that_is_never_to_be_had_is_an_error_in_the_end() -> None:
    handler = Handler(*[DEADLOCK] * 100)
    with pytest.raises(OperationalError):
        again_if_given_up(handler)("batch")
    assert 2 < len(handler.seen) < 10
