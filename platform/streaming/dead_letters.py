"""Messages that cannot be processed: buried with the reason, and sent through again once what was wrong is mended.

Every consumer group buries for itself, since what one reader cannot take another may. A record sent through again names
the groups that had buried it; the others pass it over.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from confluent_kafka import Message, Producer

from streaming.clients import Outgoing, send_all
from streaming.topics import Topic
from streaming.worker import Buried

REASON = "dead-letter.reason"
GROUP = "dead-letter.group"
ORIGIN = "dead-letter.origin"
REDRIVEN_FOR = "redrive.groups"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A buried message as it stands in a dead-letter topic."""

    topic: str
    origin: str
    """of the message that could not be processed"""
    group: str
    reason: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    """those that it came with"""

    @classmethod
    def of(cls, message: Message) -> "DeadLetter":
        headers = _headers(message)
        ours = dict(headers)
        return cls(
            topic=str(message.topic()).removesuffix(".dead-letters"),
            origin=ours[ORIGIN].decode(),
            group=ours[GROUP].decode(),
            reason=ours[REASON].decode(),
            key=_as_bytes(message.key()),
            value=_as_bytes(message.value()),
            headers=tuple((name, value) for name, value in headers if not name.startswith("dead-letter.")),
        )


def bury(producer: Producer, group: str, buried: Sequence[Buried]) -> None:
    """Put messages, as they came, into their dead-letter topics; raises NotDelivered."""
    send_all(producer, [_outgoing(group, each) for each in buried])


def _outgoing(group: str, buried: Buried) -> Outgoing:
    message = buried.message
    return Outgoing(
        Topic(str(message.topic())).dead_letters,
        _as_bytes(message.key()),
        _as_bytes(message.value()),
        [
            *((name, value) for name, value in _headers(message) if name != REDRIVEN_FOR),
            (REASON, buried.reason.encode()),
            (GROUP, group.encode()),
            (ORIGIN, origin(message).encode()),
        ],
    )


def origin(message: Message) -> str:
    """Where a message stands: topic[partition]@offset."""
    return f"{message.topic()}[{message.partition()}]@{message.offset()}"


def to_redrive(letters: Iterable[DeadLetter]) -> list[Outgoing]:
    """Each buried message once, addressed to the groups that buried it, in the order of burial."""
    groups: dict[str, set[str]] = {}
    first: dict[str, DeadLetter] = {}
    for letter in letters:
        groups.setdefault(letter.origin, set()).add(letter.group)
        first.setdefault(letter.origin, letter)
    return [
        Outgoing(
            letter.topic,
            letter.key,
            letter.value,
            [*letter.headers, (REDRIVEN_FOR, ",".join(sorted(groups[each])).encode())],
        )
        for each, letter in first.items()
    ]


def concerns(group: str, message: Message) -> bool:
    """Whether a message is for this group: all are, but for those sent through again for others."""
    groups = header(message, REDRIVEN_FOR)
    return groups is None or group in groups.decode().split(",")


def header(message: Message, name: str) -> bytes | None:
    """The last value of a message's header of this name."""
    return dict(_headers(message)).get(name)


def _headers(message: Message) -> list[tuple[str, bytes]]:
    headers = message.headers() or []
    pairs = headers.items() if isinstance(headers, dict) else headers
    return [(name, _as_bytes(value) or b"") for name, value in pairs]


def _as_bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
