"""One read ahead, in a thread of its own: when it is read, what is thrown away, and where its errors come up."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from native.driving.embedded import wait_until
from streaming.consuming.reading_ahead import ReadingAhead


class Numbers:
    """Reads 1, 2, 3 …"""

    def __init__(self) -> None:
        self.read = 0

    def __call__(self) -> int:
        self.read += 1
        return self.read


@pytest.fixture
def numbers() -> Numbers:
    return Numbers()


@pytest.fixture
def ahead(numbers: Numbers) -> Iterator[ReadingAhead[int]]:
    with closing(ReadingAhead(numbers)) as made:
        yield made


def as_it_is(read: int) -> int:
    return read


def test_one_is_read_ahead_and_no_more(numbers: Numbers, ahead: ReadingAhead[int]) -> None:
    assert numbers.read == 0
    for number in range(1, 20):
        assert ahead.take(as_it_is) == number
        wait_until(lambda: numbers.read == number + 1, "the next is read")  # noqa: B023 - asked at once


def test_nothing_is_being_read_while_it_is_decided_what_is_kept(numbers: Numbers, ahead: ReadingAhead[int]) -> None:
    ahead.take(as_it_is)

    def keep(read: int) -> list[int]:
        ahead._thread.submit(lambda: None).result()  # whatever it was given before is done
        return [read] * (numbers.read == read)

    assert [ahead.take(keep) for _ in range(10)] == [[number] for number in range(2, 12)]


def test_what_reading_raises_comes_up_where_it_is_taken(ahead: ReadingAhead[int]) -> None:
    def fail() -> int:
        raise ConnectionError("the broker is away")

    with closing(ReadingAhead(fail)) as failing, pytest.raises(ConnectionError, match="the broker is away"):
        failing.take(as_it_is)


def test_what_is_not_kept_is_no_reason_to_read_on(numbers: Numbers, ahead: ReadingAhead[int]) -> None:
    def refuse(read: int) -> int:
        raise ConnectionError("nobody knows whose it is")

    with pytest.raises(ConnectionError):
        ahead.take(refuse)
    ahead.close()
    assert numbers.read == 1


def test_closing_ends_what_is_being_read() -> None:
    begun: list[bool] = []
    ended: list[bool] = []

    def read() -> None:
        begun.append(True)
        wait_until(lambda: reading.is_awaited, "whoever takes it waits for it")
        ended.append(True)

    reading: ReadingAhead[None] = ReadingAhead(read)
    reading.take(lambda read: read)
    wait_until(lambda: len(begun) == 2, "the next is being read")
    assert len(ended) == 1
    reading.close()
    assert len(ended) == 2


def test_what_was_never_begun_is_closed_at_once(numbers: Numbers, ahead: ReadingAhead[int]) -> None:
    ahead.close()
    assert numbers.read == 0
