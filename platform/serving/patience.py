"""How long connections are waited for, and which of them goes when there are too many. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeVar

Key = TypeVar("Key")


class WaitsFor(Enum):
    """What the server waits for on a connection."""

    HEAD = auto()
    """the rest of a request's line and header fields, or the first request of a new connection"""
    BODY = auto()
    """the rest of a request's body"""
    ANOTHER = auto()
    """another request, after one that was answered"""
    READER = auto()
    """that the client takes more of its answer"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A connection on which the server cannot go on by itself."""

    what: WaitsFor
    since: float
    """seconds since 1970: when the request, the pause, or the standstill of an answer began"""
    address: str
    """of the client"""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds. A request's begin with its first byte, and more bytes do not lengthen them."""

    head: float
    """until a request's header fields are there"""
    request: float
    """until all of it is there"""
    pause: float
    """between two requests, or two bytes that a client takes"""

    def is_over(self, waiting: Waiting, now: float) -> bool:
        return now - waiting.since > self._limit(waiting.what)

    def _limit(self, what: WaitsFor) -> float:
        match what:
            case WaitsFor.HEAD:
                return self.head
            case WaitsFor.BODY:
                return self.request
            case WaitsFor.ANOTHER | WaitsFor.READER:
                return self.pause


def first_to_go(waiting: Mapping[Key, Waiting]) -> list[Key]:
    """Which connections make room for new ones: of the address that has most, those waited for longest.

    One of twenty, so that it need not be asked for every new one while somebody opens thousands.
    """
    held = Counter(each.address for each in waiting.values())
    if not held:
        return []
    [(address, count)] = held.most_common(1)
    of_address = (key for key, each in waiting.items() if each.address == address)
    return sorted(of_address, key=lambda key: waiting[key].since)[: max(count // 20, 1)]
