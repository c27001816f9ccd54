"""As much of a record as fits into a letter that cannot hold all of it. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, takewhile

Header = tuple[str, bytes | None]
HEADER_OVERHEAD = 20
"""Bytes of lengths around a header's name and value, at the most."""
SHARE_OF_KEY, SHARE_OF_HEADERS = 8, 4
"""A cut key has at most an eighth of a letter, cut headers a quarter; the value has what is left."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a record holds."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[Header] = ()

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes of each part."""
        return {
            "key": len(self.key or b""),
            "headers": sum(map(_size, self.headers)),
            "value": len(self.value or b""),
        }


def cut(content: Content, limit: int) -> Content:
    """As much of each part as fits into `limit` bytes: the first headers, the beginnings of key and value."""
    if sum(content.sizes.values()) <= limit:
        return content
    key = _beginning(content.key, limit // SHARE_OF_KEY)
    headers = list(_first(content.headers, limit // SHARE_OF_HEADERS))
    left = limit - len(key or b"") - sum(map(_size, headers))
    return Content(key, _beginning(content.value, left), headers)


def _beginning(part: bytes | None, limit: int) -> bytes | None:
    return None if part is None else part[:limit]


def _first(headers: Sequence[Header], limit: int) -> Iterator[Header]:
    totals = accumulate(map(_size, headers))
    for header, _ in takewhile(lambda each: each[1] <= limit, zip(headers, totals, strict=True)):
        yield header


def _size(header: Header) -> int:
    name, value = header
    return len(name.encode(errors="surrogateescape")) + len(value or b"") + HEADER_OVERHEAD
