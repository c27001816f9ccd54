"""The loop, in memory and against a real broker; then what only a broker can do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from threading import Event, current_thread, main_thread
from typing import Any

import pytest
from confluent_kafka import Message
from confluent_kafka.admin import AdminClient
from django.conf import settings

from events import Transaction
from native.driving.embedded import members, wait_until
from streaming import clients
from streaming.columns import Orders as Columns
from streaming.consuming import column_reading
from streaming.consuming.reading_ahead import ReadingAhead, ReadingAtOnce
from streaming.consuming.worker import Worker
from streaming.dead_letters import addresses, dead_letter
from streaming.decoding import decode
from streaming.inspecting.lag import unread
from streaming.messages import Buried, InvalidMessage, InvalidRecords, Progress
from streaming.partitioner import home_of
from streaming.producing.publish import send_to_topics
from streaming.records import Batch
from streaming.topics import Topic
from tests.streaming.conftest import Orders
from tests.streaming.logs import GROUP, BrokerLog, Log, MemoryLog

MakeWorker = Callable[..., Worker[Any]]


@pytest.fixture(params=["in memory", "on a broker", "on a broker, by C functions"])
def log(request: pytest.FixtureRequest, in_columns: None) -> Iterator[Log]:
    if request.param == "in memory":
        made: MemoryLog | BrokerLog = MemoryLog()
    else:
        client = clients.consumer if request.param == "on a broker" else clients.column_consumer
        made = BrokerLog(request.getfixturevalue("kafka"), client)
    yield made
    for worker in made.workers:
        worker.close()


@pytest.fixture(params=["row by row", "in columns"])
def in_columns(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How desk()'s worker reads: one that reads in columns does so however few messages there are."""
    monkeypatch.setattr(column_reading, "FEW", 1)
    if request.param == "in columns":
        monkeypatch.setitem(READING, "in_columns", column_reading.read_in_columns)
        monkeypatch.setitem(READING, "unload", column_reading.unload)


READING: dict[str, Any] = {}


@dataclass
class Desk:
    """A worker on a log, and what it handled and buried."""

    log: Log
    handled: list[Transaction]
    buried: list[Buried]
    worker: Worker[Any]

    def read_all(self) -> None:
        def one_batch() -> bool:
            self.worker.run_once()
            return self.log.unread() == 0

        wait_until(one_batch, "all is read")


def desk(log: Log, **options: Any) -> Desk:
    handled: list[Transaction] = []
    buried: list[Buried] = []
    worker = Worker(
        consumer=log.consumer(),
        topics=[Topic.TRANSACTIONS],
        decode=decode,
        concerns_us=partial(addresses.concerns, GROUP),
        **(
            {"handle": lambda batch: handled.extend(batch.row_by_row().events), "bury": buried.extend}
            | READING
            | options
        ),
    )
    worker.consumer.subscribe(worker.topics, on_assign=lambda *_: None, on_revoke=lambda *_: None)
    log.workers.append(worker)
    return Desk(log, handled, buried, worker)


def send(log: Log, orders: list[Transaction]) -> None:
    for order in orders:
        log.send(str(order.user_id).encode(), clients.codec().encode(order))


def test_every_event_is_handled_and_committed(log: Log, orders: Orders) -> None:
    sent = orders(100)
    send(log, sent)
    under_test = desk(log)
    under_test.read_all()
    assert sorted(under_test.handled, key=lambda event: event.amount) == sent
    assert sum(log.committed().values()) >= 100


def test_events_of_one_user_come_in_their_order(log: Log, orders: Orders) -> None:
    send(log, orders(100))
    under_test = desk(log, batch_size=7)
    under_test.read_all()
    for user in range(10):
        amounts = [event.amount for event in under_test.handled if event.user_id == user]
        assert amounts == sorted(amounts)
        assert len(amounts) == 10


@pytest.mark.parametrize("good", [0, 2])
def test_a_batch_whose_handling_fails_is_delivered_again_and_what_was_read_ahead(
    log: Log, orders: Orders, good: int
) -> None:
    handled: list[Transaction] = []

    def fail(batch: Batch[Any]) -> None:
        if len(handled) >= good * 10:
            raise RuntimeError("the database is away")
        handled.extend(batch.row_by_row().events)

    sent = orders(100)
    send(log, sent)
    failing = desk(log, handle=fail, batch_size=10)
    with pytest.raises(RuntimeError, match="the database is away"):
        failing.read_all()
    assert log.unread() == 100 - len(handled)
    failing.worker.close()
    again = desk(log)
    again.read_all()
    assert sorted(handled + again.handled, key=lambda event: event.amount) == sent


def test_what_cannot_be_read_is_buried_and_the_rest_handled(log: Log, orders: Orders) -> None:
    send(log, orders(10))
    log.send(b"7", b"no Avro")
    under_test = desk(log)
    under_test.read_all()
    assert len(under_test.handled) == 10
    letters = [(each.message.value(), each.reason) for each in under_test.buried]
    assert letters == [(b"no Avro", "the magic byte is 110, not 0")]


def test_nothing_is_committed_unless_the_burial_is_acknowledged(log: Log) -> None:
    def fail(buried: Any) -> None:
        raise clients.NotDelivered("the dead-letter topic is away")

    log.send(b"7", b"no Avro")
    with pytest.raises(clients.NotDelivered):
        desk(log, bury=fail).read_all()
    assert log.committed() == {}


def test_however_many_are_bad_the_good_one_behind_them_is_handled(log: Log, orders: Orders) -> None:
    (order,) = orders(1)
    log.send(b"0", *[None] * 150, *[b"no Avro"] * 150, clients.codec().encode(order))
    under_test = desk(log, batch_size=40)
    under_test.read_all()
    assert (len(under_test.buried), under_test.handled) == (300, [order])


def test_what_observes_may_end_the_worker_once_the_batch_is_committed(log: Log) -> None:
    def stop(progress: Progress) -> None:
        raise RuntimeError("enough")

    log.send(b"7", b"no Avro", b"no Avro")
    under_test = desk(log, observe=stop)
    with pytest.raises(RuntimeError, match="enough"):
        under_test.read_all()
    assert (len(under_test.buried), log.unread()) == (2, 0)


def test_an_implausible_event_is_invalid(log: Log, orders: Orders) -> None:
    (order,) = orders(1)
    log.send(b"1", clients.codec().encode(Transaction("a", -1, 1.0, order.status, order.timestamp)))
    under_test = desk(log)
    under_test.read_all()
    with pytest.raises(InvalidMessage, match="user_id -1 is negative"):
        decode(under_test.buried[0].message)


@pytest.mark.parametrize("refused", [{3, 17}, set(range(20))])
def test_what_a_handler_refuses_is_buried_and_the_batch_committed(log: Log, orders: Orders, refused: set[int]) -> None:
    names = {f"a-{n}" for n in refused}
    handled: list[Transaction] = []

    def handle(batch: Batch[Any]) -> None:
        bad = [record for record in batch.row_by_row().records if record.event.order_id in names]
        handled.extend(record.event for record in batch.row_by_row().records if record not in bad)
        if bad:
            raise InvalidRecords([(record, f"{record.event.order_id} is refused") for record in bad])

    sent = orders(20)
    send(log, sent)
    under_test = desk(log, handle=handle)
    under_test.read_all()
    assert {each.reason for each in under_test.buried} == {f"{name} is refused" for name in names}
    assert {decode(each.message).event for each in under_test.buried} == {sent[n] for n in refused}
    assert len(handled) == 20 - len(refused)


@pytest.fixture(params=[clients.consumer, clients.column_consumer])
def make_worker(kafka: AdminClient, request: pytest.FixtureRequest) -> Iterator[MakeWorker]:
    """Makes subscribed workers of one group; those still open are closed afterwards."""
    workers: list[Worker[Any]] = []

    def make(handle: Callable[[Batch[Any]], None], instance: str | None = None, **options: Any) -> Worker[Any]:
        worker = Worker(
            consumer=request.param(GROUP, instance=instance, **options.pop("client", {})),
            topics=[Topic.TRANSACTIONS],
            decode=decode,
            handle=handle,
            bury=options.pop("bury", partial(dead_letter.bury, clients.producer(), GROUP)),
            concerns_us=partial(addresses.concerns, GROUP),
            **options,
        )
        worker.consumer.subscribe(worker.topics)
        workers.append(worker)
        return worker

    yield make
    for worker in workers:
        worker.close()


def read_all(worker: Worker[Any], admin: AdminClient) -> None:
    def one_batch() -> bool:
        worker.run_once()
        return unread(admin, GROUP, [Topic.TRANSACTIONS]) == 0

    wait_until(one_batch, "all is read")


def test_a_killed_worker_gets_its_partitions_back_at_once_under_its_name(
    make_worker: MakeWorker, kafka: AdminClient, orders: Orders
) -> None:
    send_to_topics(orders(10))
    patient = {"session.timeout.ms": 4000}
    read_all(make_worker(lambda batch: None, instance="0", client=patient), kafka)
    # The first member is left open and says no good-bye, as one that was killed.
    send_to_topics(orders(10, prefix="b"))
    handled: list[Transaction] = []
    second = make_worker(lambda batch: handled.extend(batch.events), instance="0", client=patient)
    seen: set[int] = set()

    def has_read_all() -> bool:
        second.run_once()
        seen.add(len(members(kafka)))
        return len(handled) == 10

    wait_until(has_read_all, "the second has read all")
    # It took the first one's place: nobody waited until the session of a second member was over.
    assert max(seen) == 1


def test_a_revoked_partition_is_left_to_its_new_owner(
    make_worker: MakeWorker, kafka: AdminClient, orders: Orders
) -> None:
    handled: list[Transaction] = []
    workers = [make_worker(lambda batch: handled.extend(batch.events), batch_size=20) for _ in range(2)]
    sent = orders(400)
    send_to_topics(sent)

    def one_batch_each() -> bool:
        for worker in workers:
            worker.run_once()
        return unread(kafka, GROUP, [Topic.TRANSACTIONS]) == 0

    wait_until(one_batch_each, "both have read all")
    assert {event.order_id for event in handled} == {event.order_id for event in sent}
    assert all(worker.consumer.assignment() for worker in workers)


def without_haste(under_test: Desk) -> Desk:
    # How much is read is not to depend on how soon the rest is dealt with.
    under_test.worker.reading = ReadingAtOnce(under_test.worker._read)
    return under_test


class PacedLog(MemoryLog):
    """Its consumers are given no more than so many messages at once."""

    def __init__(self, at_once: int) -> None:
        super().__init__()
        self._at_once = at_once

    def consumer(self) -> Any:
        made = super().consumer()
        consume = made.consume
        made.consume = lambda count, timeout: consume(min(count, self._at_once), timeout)  # type: ignore[method-assign]
        return made


def batches(orders: list[Transaction], at_once: int, **options: Any) -> list[int]:
    """The sizes of the batches in which a worker takes them that is given so many at once."""
    log, sizes = PacedLog(at_once), list[int]()
    send(log, orders)
    without_haste(desk(log, handle=lambda batch: sizes.append(len(batch)), **options)).read_all()
    return sizes


def test_a_batch_grows_while_the_worker_is_behind(orders: Orders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streaming.consuming.worker.UNDER_LOAD", 10)
    assert batches(orders(100), at_once=10) == [100]
    assert batches(orders(100), at_once=9) == [1 + 9, *[1 + 9] * 9]


def test_a_batch_grows_to_its_largest_size(orders: Orders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streaming.consuming.worker.UNDER_LOAD", 10)
    assert batches(orders(100), at_once=10, batch_size=40) == [40, 40, 20]


@pytest.mark.parametrize("limit", ["MOST_SECONDS", "GATHER_BYTES"])
def test_a_batch_grows_for_no_longer_and_no_further_than_it_may(
    orders: Orders, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr("streaming.consuming.worker.UNDER_LOAD", 10)
    monkeypatch.setattr(f"streaming.consuming.worker.{limit}", 0)
    assert batches(orders(33), at_once=10) == [11, 11, 11]


@pytest.mark.parametrize(("spent", "gathered"), [(0.01, 0.1), (0.1, 0.4), (5.0, 1.0)])
def test_a_batch_may_grow_for_longer_the_longer_the_one_before_took(
    orders: Orders, monkeypatch: pytest.MonkeyPatch, spent: float, gathered: float
) -> None:
    now = 1000.0
    monkeypatch.setattr("streaming.consuming.worker.UNDER_LOAD", 1)
    monkeypatch.setattr("streaming.consuming.worker.perf_counter", lambda: now)
    log, sizes = PacedLog(1), list[int]()

    def spend(batch: Batch[Transaction]) -> None:
        nonlocal now
        sizes.append(len(batch))
        now += spent

    under_test = without_haste(desk(log, handle=spend))
    consumer: Any = under_test.worker.consumer
    consume = consumer.consume

    def fetched(count: int, timeout: float) -> list[Message]:
        nonlocal now
        now += 0.03
        came: list[Message] = consume(count, timeout)
        return came

    consumer.consume = fetched
    send(log, orders(200))
    under_test.read_all()
    # Before the first one nothing took any time. Each message takes 0.03 s, and one more is asked for at the end.
    assert sizes[0] == 1 + int(0.1 / 0.03) + 1
    assert sizes[1] == 1 + int(gathered / 0.03) + 1


def test_a_batch_grows_while_the_one_before_is_dealt_with(orders: Orders) -> None:
    log, sizes, went_on = PacedLog(1), list[int](), Event()

    def handle(batch: Batch[Transaction]) -> None:
        sizes.append(len(batch))
        assert went_on.wait(20)

    under_test = desk(log, handle=handle)
    consumer: Any = under_test.worker.consumer
    consume = consumer.consume

    def fetched(count: int, timeout: float) -> list[Message]:
        came: list[Message] = consume(count, timeout)
        if not came and sizes:
            went_on.set()  # all there is has been read, and the first batch is not dealt with yet
        return came

    consumer.consume = fetched
    send(log, orders(100))
    under_test.read_all()
    assert sizes[1:] == [100 - sizes[0]]


def test_what_is_made_of_a_batch_is_made_of_the_next_while_that_is_read(
    monkeypatch: pytest.MonkeyPatch, orders: Orders
) -> None:
    monkeypatch.setattr(column_reading, "FEW", 1)
    made, handled = list[tuple[int, bool]](), list[int]()

    def make(columns: Columns, asked: int) -> int:
        made.append((len(columns), current_thread() is main_thread()))
        return asked * len(columns)

    def handle(batch: Batch[Transaction]) -> None:
        assert batch.orders
        handled.append(batch.orders.make(make, 7))

    log = MemoryLog()
    send(log, orders(300))
    desk(log, handle=handle, batch_size=100, in_columns=column_reading.read_in_columns).read_all()
    assert handled == [700, 700, 700]
    # When the second one was read, the first may not have been handled yet.
    assert (made[0], made[2]) == ((100, True), (100, False))


def test_what_was_read_ahead_of_partitions_taken_away_is_left_to_whoever_has_them(
    in_columns: None, orders: Orders
) -> None:
    log, handled = MemoryLog(), list[Transaction]()
    sent = orders(200)
    send(log, sent)
    under_test = desk(log, handle=lambda batch: handled.extend(batch.row_by_row().events), batch_size=100)
    consumer: Any = under_test.worker.consumer
    under_test.worker.run_once()
    reading = under_test.worker.reading
    assert isinstance(reading, ReadingAhead)
    assert reading._next
    wait_until(reading._next.done, "the next batch is read")
    before, topic = log.committed(), Topic.TRANSACTIONS.value
    gone = min(number for number, at in consumer._positions.items() if at > before.get((topic, number), 0))
    consumer.take_away({gone})
    under_test.worker.run_once()
    assert 100 < len(handled) < 200
    assert gone not in {home_of(event.user_id, settings.TOPIC_PARTITIONS) for event in handled[100:]}
    assert log.committed().get((topic, gone)) == before.get((topic, gone))
    consumer.give({gone})
    under_test.read_all()
    assert sorted(handled, key=lambda event: event.amount) == sent


def test_what_the_client_tells_counts_once_all_is_dealt_with_that_it_gave_before(orders: Orders) -> None:
    log, handled, told = MemoryLog(), list[Transaction](), list[tuple[int, int]]()
    send(log, orders(100))

    def given() -> int:
        return sum(under_test.worker.consumer._positions.values())  # type: ignore[union-attr]

    def news() -> Callable[[], None]:
        then = given()
        return lambda: told.append((then, len(handled)))

    def handle(batch: Batch[Transaction]) -> None:
        handled.extend(batch.events)
        wait_until(lambda: given() > len(handled) or given() == 100, "the next is being read")

    under_test = desk(log, handle=handle, batch_size=30, news=news)
    under_test.read_all()
    assert told[:3] == [(30, 30), (60, 60), (90, 90)]


def test_what_comes_twice_in_a_batch_that_a_rebalance_interrupts_is_handled_once(orders: Orders) -> None:
    log, handled = MemoryLog(), list[Transaction]()
    send(log, orders(20))
    under_test = desk(log, handle=lambda batch: handled.extend(batch.events))
    consumer: Any = under_test.worker.consumer
    consume, asked = consumer.consume, list[int]()

    def interrupted(count: int, timeout: float) -> list[Message]:
        asked.append(count)
        if len(asked) == 2:
            # The partitions are taken away and given again, and begin where they were committed: at their beginning.
            consumer.subscribe([], on_assign=lambda *_: None, on_revoke=lambda *_: None)
            under_test.worker._note_assigned(consumer, consumer.assignment())
        came: list[Message] = consume(min(count, 7), timeout)
        return came

    consumer.consume = interrupted
    under_test.read_all()
    assert sorted(event.order_id for event in handled) == sorted(order.order_id for order in orders(20))
