"""What strangers may send, made by chance from a seed, and how it ought to be judged. Knows no platform code."""

import random
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from io import BytesIO
from time import time
from typing import Any

import fastavro

STATUSES = ("PENDING", "SUCCESS", "FAILED")
TRANSACTIONS = "transactions"
LARGEST = 1_048_000
"""Bytes of a record that its topic's limit of 1,048,588 just takes."""
BEGIN, HOUR = 1_718_000_400_000, 3_600_000
"""Of the good orders, in milliseconds: on a full hour."""
EARLIEST = 631_152_000_000
"""1990: what is earlier are seconds in the place of milliseconds."""
NOT_YET = int((time() + 24 * 3600) * 1000)
"""From here on it is more than a day after it is received."""
IN_2100 = 4_102_444_800_000

# The fields as they stand on the wire, without what readers make of them: each range is judged below.
PLAIN = fastavro.parse_schema(
    {
        "type": "record",
        "name": "Transaction",
        "fields": [
            {"name": "order_id", "type": "string"},
            {"name": "user_id", "type": "long"},
            {"name": "amount", "type": "double"},
            {"name": "status", "type": "long"},
            {"name": "timestamp", "type": "long"},
        ],
    }
)


@dataclass(frozen=True, slots=True)
class Telling:
    """An order as somebody tells of it; status: its place among STATUSES, timestamp: milliseconds."""

    order_id: str
    user_id: int
    amount: float
    status: int
    timestamp: int

    @property
    def cents(self) -> int:
        return round(self.amount * 100)

    @property
    def subject(self) -> tuple[int, int, int]:
        """What no later telling may change."""
        return self.user_id, self.cents, self.timestamp


@dataclass(frozen=True, slots=True)
class Sent:
    """A record on its way; its telling: None if it can only be buried."""

    value: bytes | None
    key: bytes | None
    topic: str = TRANSACTIONS
    headers: list[tuple[str, bytes | None]] = field(default_factory=list)
    codec: str = "none"
    millis: int | None = None
    """the time that its producer claims"""
    telling: Telling | None = None


def judged(value: bytes | None, schema_id: bytes) -> Telling | None:
    """What a value tells, by Avro and by the documented bounds; None: it is to be buried."""
    if value is None or value[:5] != b"\x00" + schema_id:
        return None
    buffer = BytesIO(value[5:])
    try:
        told = Telling(**fastavro.schemaless_reader(buffer, PLAIN, None))  # type: ignore[arg-type]
    except Exception:
        return None
    if buffer.read(1) or not 0 <= told.status < len(STATUSES) or not 0 <= told.user_id < 2**31:
        return None
    plausible = 0 < len(told.order_id) <= 64 and EARLIEST <= told.timestamp < NOT_YET
    return told if plausible and abs(told.amount) <= 10**12 else None


def written(told: Telling, schema_id: bytes) -> bytes:
    buffer = BytesIO()
    fastavro.schemaless_writer(buffer, PLAIN, {name: getattr(told, name) for name in Telling.__slots__})
    return b"\x00" + schema_id + buffer.getvalue()


class Strangers:
    """Makes records by chance; ids: of each schema by its topic, four bytes."""

    def __init__(self, seed: int, ids: dict[str, bytes]) -> None:
        self.chance = random.Random(seed)
        self._ids = ids
        self._id = ids[TRANSACTIONS]
        self._made = 0

    def good(self, count: int) -> list[Sent]:
        """Orders that count, of which one in ten is suspicious, whatever keys, headers and times they have."""
        return [self._sent(self._order("good")) for _ in range(count)]

    def told_twice(self, count: int) -> list[Sent]:
        """Orders that are paid later or fail, told by the same producer with their user's key."""
        stories = []
        for _ in range(count):
            order = self._order("later")
            order = replace(order, status=0, amount=abs(order.amount))
            again = replace(order, status=self.chance.choice([1, 2]))
            codec, key = self._codec(), str(order.user_id).encode()
            stories += [Sent(written(each, self._id), key, codec=codec, telling=each) for each in (order, again)]
        return stories

    def contradicting(self, count: int) -> list[Sent]:
        """Pairs that tell of an order with another user, amount or time."""
        pairs = []
        for _ in range(count):
            order = self._order("torn")
            other = self.chance.choice(
                [
                    replace(order, amount=order.amount + 1),
                    replace(order, user_id=order.user_id + 1),
                    replace(order, timestamp=order.timestamp + 2 * HOUR),
                    replace(order, amount=order.amount + 20_000_000, user_id=order.user_id + 3),
                ]
            )
            pairs += [self._sent(order), self._sent(other)]
        return pairs

    def hostile(self, count: int) -> Iterator[Sent]:
        """Records that can hardly be read; those which by chance still tell of an order say so."""
        kinds: list[Callable[[], bytes | None]] = [
            self._mutated, self._mutated, self._mutated, self._random, self._of_others, self._impossible, lambda: None,
        ]  # fmt: skip
        for number in range(count):
            if number % 400 == 399:
                yield self._forged_event()
            else:
                yield self._judged(self._sent_as(self.chance.choice(kinds)()))

    def large(self) -> list[Sent]:
        """As large as the broker takes, and small ones that unpack to far more."""
        whole = [Sent(b"\x00" * size, None) for size in (1_000_001, LARGEST)]
        order = self._order("large")
        packed = [Sent(b"x" * 4_000_000, b"k" * 1000, codec=codec) for codec in ("gzip", "lz4", "zstd")]
        weighty = Sent(written(order, self._id), b"k" * 900_000, telling=order)
        return [*whole, *packed, weighty, Sent(b"y", b"z" * 900_000, headers=[("h" * 1000, b"\xff" * 90_000)])]

    def tombstones(self, count: int) -> list[Sent]:
        """All in a row, on one partition."""
        return [Sent(None, b"7")] * count

    def foreign_letters(self, count: int) -> list[Sent]:
        """Records in the dead-letter topic that no worker of the platform has put there."""
        topic = f"{TRANSACTIONS}.dead-letters"
        ours: list[tuple[str, bytes | None]] = [("dead-letter.reason", b"r"), ("dead-letter.group", b"recorder")]
        bad = (b"\xff", b"fraud.alerts[0]@5", b"", b"transactions[0]@" + b"9" * 40, b"transactions", None)
        return [
            Sent(self._random(), self._key(b"7"), topic, [*ours, ("dead-letter.origin", self.chance.choice(bad))])
            for _ in range(count)
        ]

    def _order(self, prefix: str) -> Telling:
        self._made += 1
        chance = self.chance
        amount = chance.randint(-500_000, 5_000_000) / 100 + (20_000_000 if self._made % 10 == 0 else 0)
        return Telling(
            f"{prefix}-{self._made}",
            chance.randrange(200),
            amount,
            chance.randrange(3),
            BEGIN + chance.randrange(10 * HOUR),
        )

    def _sent(self, told: Telling) -> Sent:
        return replace(self._sent_as(written(told, self._id), str(told.user_id).encode()), telling=told)

    def _sent_as(self, value: bytes | None, key: bytes = b"7") -> Sent:
        millis = self.chance.choice([None, None, 0, 1, 2**62, 1_700_000_000])
        return Sent(value, self._key(key), TRANSACTIONS, self._headers(), self._codec(), millis)

    def _judged(self, sent: Sent) -> Sent:
        return replace(sent, telling=judged(sent.value, self._id))

    def _codec(self) -> str:
        return self.chance.choice(["none", "none", "gzip", "lz4", "zstd", "snappy"])

    def _key(self, right: bytes) -> bytes | None:
        chance = self.chance
        return chance.choice([right, right, right, None, b"", b"8", b"user-" + right, chance.randbytes(9)])

    def _headers(self) -> list[tuple[str, bytes | None]]:
        chance = self.chance
        if chance.random() < 0.7:
            return []
        names = (
            "redrive.groups", "redrive.proof", "dead-letter.origin", "dead-letter.group", "dead-letter.cut",
            "traceparent", "tracestate", "misplaced.origin", "", "é\x00", "x" * 300,
        )  # fmt: skip
        values: tuple[bytes | None, ...] = (
            None, b"", b"\xff\xfe", b"nobody", b"recorder", b"recorder,fraud", b"0" * 43, b"transactions[0]@1", b"{",
            b"00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-01", b"00-" + b"1" * 32 + b"-" + b"2" * 16 + b"-01",
            chance.randbytes(40),
        )  # fmt: skip
        return [(chance.choice(names), chance.choice(values)) for _ in range(chance.randint(1, 4))]

    def _mutated(self) -> bytes:
        """A good value with some bytes flipped, cut, doubled or put elsewhere."""
        raw = bytearray(written(self._order("mutant"), self._id))
        for _ in range(self.chance.randint(1, 3)):
            at, to = sorted(self.chance.randrange(len(raw) + 1) for _ in range(2))
            kind = self.chance.randrange(5)
            if kind == 0 and at < len(raw):
                raw[at] ^= 1 << self.chance.randrange(8)
            elif kind == 1:
                del raw[at:to]
            elif kind == 2:
                raw[at:at] = raw[at:to]
            elif kind == 3:
                raw[at:to] = self.chance.randbytes(to - at)
            else:
                raw += self.chance.randbytes(self.chance.randint(1, 9))
        return bytes(raw)

    def _random(self) -> bytes:
        start = self.chance.choice([b"", b"\x00", b"\x00" + self._id, b"{"])
        return start + self.chance.randbytes(self.chance.choice([0, 1, 4, 5, 20, 200, 5000]))

    def _of_others(self) -> bytes:
        """A good order under an id that nobody knows, or that another topic's schema has."""
        value = written(self._order("other"), self._id)
        others = [id_ for topic, id_ in self._ids.items() if topic != TRANSACTIONS]
        return b"\x00" + self.chance.choice([*others, b"\xff\xff\xff\xff", b"\x00\x00\x00\x01"]) + value[5:]

    def _impossible(self) -> bytes:
        """A well-formed order that cannot be."""
        order = self._order("never")
        changes: list[dict[str, Any]] = [
            *({"amount": amount} for amount in (float("nan"), float("inf"), float("-inf"), 1e308, -1e13)),
            *({"user_id": user} for user in (-1, -(2**31), 2**31, 2**62)),
            *({"order_id": name} for name in ("", "x" * 65, "é" * 3000)),
            *({"timestamp": millis} for millis in (-1, 0, BEGIN // 1000, EARLIEST - 1, IN_2100, 2**62)),
            *({"status": index} for index in (-1, 3, 2**40)),
        ]
        return written(replace(order, **self.chance.choice(changes)), self._id)

    def _forged_event(self) -> Sent:
        """A change of status or a correction that the platform never told, or bytes that are none."""
        topic = self.chance.choice([each for each in self._ids if each != TRANSACTIONS])
        order = self._order("forged")
        body = written(order, self._ids[topic])
        tail = {
            # previous PENDING → status SUCCESS, before the time; the correction and its origin, after it.
            "transactions.status": body[:5] + _body(order, b"\x00\x02"),
            "transactions.corrections": body + b"\x02" + b"\x22transactions[0]@1",
        }
        value = tail.get(topic, b"") if self.chance.random() < 0.7 else self._random()
        return Sent(value, str(order.user_id).encode(), topic)


def _body(order: Telling, statuses: bytes) -> bytes:
    """An order with the enums' bytes in the place of its status."""
    start = BytesIO()
    fastavro.schemaless_writer(start, "string", order.order_id)
    fastavro.schemaless_writer(start, "long", order.user_id)
    start.write(struct.pack("<d", order.amount) + statuses)
    fastavro.schemaless_writer(start, "long", order.timestamp)
    return start.getvalue()
