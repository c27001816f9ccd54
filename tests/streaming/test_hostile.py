"""What other people's clients send: whatever it is, it is taken, or buried with a reason, and nothing stops."""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from io import StringIO
from typing import Any

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from django.core.management import call_command

from events import Transaction
from native.driving.embedded import wait_until
from streaming import clients
from streaming.consuming import column_reading
from streaming.consuming.dedup_backfill import AppliedLog
from streaming.consuming.worker import Worker
from streaming.dead_letters import addresses, burials, dead_letter
from streaming.dead_letters.addresses import address
from streaming.dead_letters.dead_letter import DeadLetter
from streaming.decoding import decode
from streaming.inspecting.lag import end_offsets, unread
from streaming.inspecting.topic_scan import TopicScan
from streaming.log_reader import reader
from streaming.records import Batch
from streaming.telemetry.metrics import FOREIGN_LETTERS
from streaming.topics import Topic
from tests.streaming import foreign
from tests.streaming.conftest import Orders

TRANSACTIONS = Topic.TRANSACTIONS
LETTERS = TRANSACTIONS.dead_letters
GROUP = "fraud"


class Desk:
    """A worker of the group `fraud` that keeps what it was given."""

    def __init__(self, admin: AdminClient, client: Callable[[str], Any], **reading: Any) -> None:
        self._admin = admin
        self.taken: list[Transaction] = []
        self.worker: Worker[Any] = Worker(
            consumer=client(GROUP),
            topics=[TRANSACTIONS],
            decode=decode,
            handle=self._take,
            bury=partial(dead_letter.bury, clients.producer(), GROUP),
            concerns_us=partial(addresses.concerns, GROUP),
            **reading,
        )
        self.worker.consumer.subscribe(self.worker.topics)

    def _take(self, batch: Batch[Transaction]) -> None:
        self.taken += batch.row_by_row().events

    def read_all(self) -> list[str]:
        """Go on until nothing is unread; gives the order ids taken so far."""

        def one_batch() -> bool:
            self.worker.run_once()
            return unread(self._admin, GROUP, [TRANSACTIONS]) == 0

        wait_until(one_batch, "all is read")
        return sorted(event.order_id for event in self.taken)


@pytest.fixture(params=["as objects", "in columns"])
def desk(kafka: AdminClient, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(column_reading, "FEW", 1)
    if request.param == "as objects":
        desk = Desk(kafka, clients.consumer)
    else:
        reading = {"in_columns": column_reading.read_in_columns, "unload": column_reading.unload}
        desk = Desk(kafka, clients.column_consumer, **reading)
    yield desk
    desk.worker.close()


@pytest.fixture
def value(orders: Orders) -> bytes:
    """A good order of the id a-0."""
    return clients.codec().encode(orders(1)[0])


def letters() -> list[DeadLetter]:
    consumer = reader("test-reader")
    try:
        return list(burials.since(consumer, [TRANSACTIONS], None))
    finally:
        consumer.close()


def redrive(*options: str) -> str:
    out = StringIO()
    call_command("redrive", *options, stdout=out)
    return out.getvalue()


def compressed(codec: str) -> dict[str, Any]:
    return {"compression.type": codec}


GROUPS, PROOF = addresses.GROUPS, addresses.PROOF


HEADERS: list[foreign.Headers] = [
    [(GROUPS, b"\xff\xfe")],
    [(GROUPS, b"")],
    [(GROUPS, None)],
    [(GROUPS, b"nobody")],
    [(GROUPS, b"recorder")],
    [(GROUPS, b"recorder"), (PROOF, b"")],
    [(GROUPS, b"recorder"), (PROOF, None)],
    [(GROUPS, b"recorder"), (PROOF, b"\xff")],
    [(GROUPS, b"recorder"), (PROOF, b"0" * 43)],
    [(GROUPS, b"recorder:x"), (PROOF, b"a:b:c")],
    [(PROOF, b"alone")],
    [("", b""), ("é", b"\x00"), ("x" * 40_000, b"")],
    [("dead-letter.origin", b"\xff"), ("dead-letter.cut", b"{")],
    [("traceparent", b"\xff" * 55)],
    [("traceparent", b"00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-01")],
    [("x", b"y")] * 5000,
]


def test_orders_are_taken_whatever_their_headers_say(desk: Desk, broker: str, orders: Orders) -> None:
    for order, headers in zip(orders(len(HEADERS)), HEADERS, strict=True):
        foreign.send(broker, TRANSACTIONS, clients.codec().encode(order), b"no Avro", headers=headers)
    assert desk.read_all() == sorted(order.order_id for order in orders(len(HEADERS)))
    assert [letter.reason for letter in letters()] == ["the magic byte is 110, not 0"] * len(HEADERS)
    assert f"{len(HEADERS)} messages were sent again" in redrive()


def test_an_order_is_taken_where_the_name_of_a_header_is_no_text(desk: Desk, broker: str, value: bytes) -> None:
    foreign.send_with_header(broker, TRANSACTIONS, value, b"\xff\xfe")
    foreign.send_with_header(broker, TRANSACTIONS, b"no Avro", b"\xff\xfe")
    assert desk.read_all() == ["a-0"]
    assert [letter.content.value for letter in letters()] == [b"no Avro"]


def test_any_key_is_taken_and_buried(desk: Desk, broker: str, orders: Orders) -> None:
    keys = [None, b"", b"\xff" * 10, b"k" * 200_000]
    for order, key in zip(orders(4), keys, strict=True):
        foreign.send(broker, TRANSACTIONS, clients.codec().encode(order), b"no Avro", b"", None, key=key)
    assert desk.read_all() == ["a-0", "a-1", "a-2", "a-3"]
    assert Counter(letter.content.key for letter in letters()) == dict.fromkeys(keys, 3)
    assert "12 messages were sent again" in redrive()


def test_an_address_belongs_to_the_record_that_was_buried(
    desk: Desk, broker: str, value: bytes, orders: Orders
) -> None:
    others = address(TRANSACTIONS, b"7", value, ["recorder"])
    foreign.send(broker, TRANSACTIONS, value, headers=list(others))
    assert desk.read_all() == []
    another = clients.codec().encode(orders(2)[1])
    foreign.send(broker, TRANSACTIONS, another, headers=list(others))
    foreign.send(broker, TRANSACTIONS, value, key=b"8", headers=list(others))
    assert desk.read_all() == ["a-0", "a-1"]


def test_an_address_holds_after_the_secret_key_was_changed(
    desk: Desk, broker: str, value: bytes, settings: Any
) -> None:
    others = address(TRANSACTIONS, b"7", value, ["recorder"])
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"
    foreign.send(broker, TRANSACTIONS, value, headers=list(others))
    assert desk.read_all() == []


def test_a_record_as_large_as_its_topic_takes_is_buried_whole(desk: Desk, broker: str) -> None:
    sizes = [999_000, 1_000_000, 1_048_000, 1_048_500]
    for size in sizes:
        foreign.send(broker, TRANSACTIONS, b"x" * size)
    desk.read_all()
    assert sorted(len(letter.content.value or b"") for letter in letters() if not letter.is_cut) == sizes


@pytest.mark.parametrize(
    ("codec", "size"), [("gzip", 50_000_000), ("lz4", 50_000_000), ("zstd", 50_000_000), ("snappy", 9_000_000)]
)
def test_what_unpacks_to_more_than_a_letter_holds_is_cut_and_read_again_at_its_origin(
    desk: Desk, broker: str, kafka: AdminClient, codec: str, size: int
) -> None:
    whole = b"x" * size
    foreign.send(
        broker,
        TRANSACTIONS,
        whole,
        key=b"k" * 300_000,
        headers=[("a", b"1"), ("b", b"2" * 9_000_000), ("c", b"3")],
        **compressed(codec),
    )
    desk.read_all()
    (letter,) = letters()
    assert letter.is_cut
    assert whole.startswith(letter.content.value or b"-")
    assert len(letter.content.value or b"") > 1_000_000
    assert letter.content.headers == (("a", b"1"),)
    before = sum(end_offsets(kafka, [(TRANSACTIONS, n) for n in range(3)]).values())
    assert "1 messages were sent again" in redrive()
    assert sum(end_offsets(kafka, [(TRANSACTIONS, n) for n in range(3)]).values()) == before + 1
    desk.read_all()
    assert [letter.origin for letter in letters()] != [letter.origin] * 2


def test_what_the_log_has_forgotten_stays_in_its_letter(desk: Desk, broker: str, kafka: AdminClient) -> None:
    foreign.send(broker, TRANSACTIONS, b"x" * 5_000_000, **compressed("lz4"))
    desk.read_all()
    (letter,) = letters()
    forget(kafka, (letter.topic, letter.partition), letter.offset + 1)
    told = redrive()
    assert f"{letter.origin} did not fit into its letter, and the log does not hold it any more" in told
    assert "0 messages were sent again" in told


def forget(admin: AdminClient, partition: tuple[str, int], end: int) -> None:
    for done in admin.delete_records([TopicPartition(*partition, end)]).values():
        done.result()


def test_what_no_client_unpacks_is_buried_and_passed_over_by_all_who_read(
    desk: Desk, broker: str, kafka: AdminClient, value: bytes
) -> None:
    # The client takes a hundred million bytes of zstd at the most; these three share a batch.
    together = compressed("zstd") | {"batch.size": 2_000_000_000, "linger.ms": 10_000}
    foreign.send(broker, TRANSACTIONS, value)
    foreign.send(broker, TRANSACTIONS, *[b"x" * 60_000_000] * 3, **together)
    foreign.send(broker, TRANSACTIONS, value)
    assert desk.read_all() == ["a-0", "a-0"]
    buried = letters()
    assert {"it cannot be unpacked" in letter.reason for letter in buried} == {True}
    assert len({letter.origin for letter in buried}) == len(buried) == 3
    (partition,) = {(letter.topic, letter.partition) for letter in buried}
    end = end_offsets(kafka, [partition])[partition]
    assert [order for order, _ in AppliedLog(GROUP).read_back(partition, 0, end)] == ["a-0 0", "a-0 0"]
    assert "the log does not hold it" in redrive()


def test_letters_of_others_are_counted_and_passed_over(
    desk: Desk, broker: str, kafka: AdminClient, value: bytes
) -> None:
    ours = [("dead-letter.reason", b"r"), ("dead-letter.group", GROUP.encode())]
    origin = [("dead-letter.origin", b"transactions[0]@5")]
    forged: list[foreign.Headers] = [
        [],
        [*ours],
        [*ours, ("dead-letter.origin", b"\xff")],
        [*ours, ("dead-letter.origin", b"fraud.alerts[0]@5")],
        [*ours, ("dead-letter.origin", b"transactions[0]@" + b"9" * 40)],
        [*ours, ("dead-letter.origin", b"")],
        [*ours, ("dead-letter.origin", None)],
        [ours[1], *origin],
        [ours[0], ("dead-letter.group", b"nobody"), *origin],
        [ours[0], ("dead-letter.group", b""), *origin],
    ]
    for headers in forged:
        foreign.send(broker, LETTERS, b"not buried", None, headers=headers)
    foreign.send(
        broker,
        LETTERS,
        b"cut",
        headers=[*ours, ("dead-letter.origin", b"transactions[77]@5"), ("dead-letter.cut", b"[]")],
    )
    foreign.send_with_header(broker, LETTERS, b"x", b"\xff")
    foreign.send(broker, TRANSACTIONS, value, b"no Avro")
    desk.read_all()
    (where,) = {(x.topic, x.partition) for x in letters() if x.reason.startswith("the magic byte")}
    read_back = AppliedLog(GROUP).read_back(where, 0, end_offsets(kafka, [where])[where])
    assert [order for order, _ in read_back] == ["a-0 0"]
    assert FOREIGN_LETTERS.labels(LETTERS)._value.get() == 19
    history = TopicScan("test-reader", [TRANSACTIONS], [GROUP])
    assert [told.record.event.order_id for part in history.read() for told in part] == ["a-0"]
    history.close()
    told = redrive()
    assert "21 messages in transactions.dead-letters are no letters of ours" in told
    assert "transactions[77]@5 did not fit into its letter" in told
    assert "1 messages were sent again" in told
