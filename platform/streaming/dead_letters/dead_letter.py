"""Messages that cannot be processed: buried with the reason, to be sent through again once what was wrong is mended.

Every consumer group buries for itself, since what one reader cannot take another may. A letter that cannot hold all of
its record holds as much as fits, and says so: the record's origin keeps the bytes.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from confluent_kafka import Message, Producer

from streaming import message_fields
from streaming.clients import NotDelivered, Outgoing, send_what_fits
from streaming.dead_letters.addresses import NAMES as ADDRESS
from streaming.dead_letters.addresses import address
from streaming.dead_letters.cutting import Content, cut
from streaming.messages import Buried
from streaming.partitioner import log_position
from streaming.topics import DEAD_LETTERS, LETTER_BYTES, Topic

OURS = "dead-letter."
REASON, GROUP, ORIGIN = f"{OURS}reason", f"{OURS}group", f"{OURS}origin"
CUT = f"{OURS}cut"
"""Bytes of key, headers and value as the record came, and a digest of it, as JSON."""

REASON_LENGTH = 400
OVERHEAD = 4096
"""Bytes that a letter takes beside its record's content: reason, group, origin, and Kafka's own framing."""
LIMITS = (LETTER_BYTES - OVERHEAD, 500_000, 10_000, 0)
"""Bytes of content that a letter may have: less each time that the cluster refuses it as too large."""

ORIGIN_FORM = re.compile(r"(?P<topic>[\w.-]+)\[(?P<partition>[0-9]{1,9})\]@(?P<offset>[0-9]{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A buried message as it stands in a dead-letter topic."""

    topic: str
    partition: int
    offset: int
    """where the message that could not be processed stands"""
    group: str
    reason: str
    content: Content
    """as it came, without an address; of a cut letter, a part"""
    digest: str | None = None
    """of a cut letter: what the whole record's key and value come to"""

    @classmethod
    def of(cls, message: Message) -> "DeadLetter | None":
        """The letter in a message of a dead-letter topic; None: it is none of ours, somebody else wrote it."""
        headers = message_fields.headers(message) or []
        try:
            ours = {name: (raw or b"").decode() for name, raw in headers if name.startswith(OURS)}
        except UnicodeDecodeError:
            return None
        topic = str(message.topic()).removesuffix(DEAD_LETTERS)
        origin = ORIGIN_FORM.fullmatch(ours.get(ORIGIN, ""))
        if origin is None or origin["topic"] != topic or not ours.get(GROUP) or REASON not in ours:
            return None
        kept = tuple(each for each in headers if not each[0].startswith(OURS) and each[0] not in ADDRESS)
        return cls(
            topic,
            int(origin["partition"]),
            int(origin["offset"]),
            ours[GROUP],
            ours[REASON],
            Content(message_fields.key(message), message_fields.value(message), kept),
            _digest_in(ours[CUT]) if CUT in ours else None,
        )

    @property
    def origin(self) -> str:
        """Of the message that could not be processed: topic[partition]@offset."""
        return log_position(self.topic, self.partition, self.offset)

    @property
    def is_cut(self) -> bool:
        return self.digest is not None


def bury(producer: Producer, group: str, buried: Sequence[Buried]) -> None:
    """Put messages, as they came or as much of them as fits, into their dead-letter topics; raises NotDelivered."""
    for limit in LIMITS:
        if buried:
            too_large = send_what_fits(producer, [_letter(group, each, limit) for each in buried])
            buried = [each for place, each in enumerate(buried) if place in too_large]
    if buried:
        raise NotDelivered(
            f"{len(buried)} letters are too large for {Topic(str(buried[0].message.topic())).dead_letters}"
        )


def _letter(group: str, buried: Buried, limit: int) -> Outgoing:
    """The letter of a buried message, with at most so many bytes of what it held."""
    message = buried.message
    headers = message_fields.headers(message) or []
    # An address that was followed is spent: who buries the record again is addressed anew.
    kept = [each for each in headers if not each[0].startswith(OURS) and each[0] not in ADDRESS]
    whole = Content(message_fields.key(message), message_fields.value(message), kept)
    part = cut(whole, limit)
    said = [
        (REASON, buried.reason[:REASON_LENGTH].encode(errors="backslashreplace")),
        (GROUP, group.encode()),
        (ORIGIN, message_fields.origin(message).encode()),
    ]
    if part is not whole or message.error():
        said.append((CUT, json.dumps(whole.sizes | {"sha256": digest(whole.key, whole.value)}).encode()))
    return Outgoing(Topic(str(message.topic())).dead_letters, part.key, part.value, [*part.headers, *said])


def digest(key: bytes | None, value: bytes | None) -> str:
    """What is equal exactly when two records hold the same."""
    return sha256(b"%d " % len(key or b"") + (key or b"") + (value or b"")).hexdigest()


def _digest_in(note: str) -> str:
    """The digest in what a cut letter says of its record; of a note in another form, one that nothing comes to."""
    try:
        found = json.loads(note)["sha256"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
    return str(found)


def to_redrive(letters: Iterable[DeadLetter]) -> list[tuple[DeadLetter, frozenset[str]]]:
    """One letter of each buried message, and the groups that buried it, in the order of burial."""
    groups: dict[str, set[str]] = {}
    first: dict[str, DeadLetter] = {}
    for letter in letters:
        groups.setdefault(letter.origin, set()).add(letter.group)
        first.setdefault(letter.origin, letter)
    return [(letter, frozenset(groups[origin])) for origin, letter in first.items()]


def addressed(letter: DeadLetter, groups: Iterable[str]) -> Outgoing:
    """The record of a whole letter, on its way to some consumer groups."""
    content = letter.content
    to = address(letter.topic, content.key, content.value, groups)
    return Outgoing(letter.topic, content.key, content.value, [*content.headers, *to])
