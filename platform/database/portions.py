from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def portions(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """These items, so many at a time: a statement takes only so many parameters, and so many conditions."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
