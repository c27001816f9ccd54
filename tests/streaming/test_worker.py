"""The loop against a real broker."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient

from events import Transaction
from streaming import addresses, clients, dead_letters
from streaming.clients import Outgoing, send_all
from streaming.commands import decode
from streaming.lag import committed_offsets, unread
from streaming.send import send_to_topics
from streaming.topics import Topic
from streaming.worker import Batch, Buried, InvalidMessage, InvalidRecords, TooManyInvalidMessages, Worker
from tests.embedded import members, wait_until
from tests.streaming.conftest import Orders

GROUP = "under-test"
MakeWorker = Callable[..., Worker[Any]]


@pytest.fixture
def make_worker(kafka: AdminClient) -> Iterator[MakeWorker]:
    """Makes subscribed workers of one group; those still open are closed afterwards."""
    consumers: list[Consumer] = []

    def make(handle: Callable[[Batch[Any]], None], instance: str | None = None, **options: Any) -> Worker[Any]:
        consumer = clients.consumer(GROUP, instance=instance, **options.pop("client", {}))
        consumers.append(consumer)
        worker = Worker(
            consumer=consumer,
            topics=[Topic.TRANSACTIONS],
            decode=decode,
            handle=handle,
            bury=options.pop("bury", partial(dead_letters.bury, clients.producer(), GROUP)),
            concerns_us=partial(addresses.concerns, GROUP),
            **options,
        )
        consumer.subscribe(worker.topics)
        return worker

    yield make
    for consumer in consumers:
        consumer.close()


def read_all(worker: Worker[Any], admin: AdminClient) -> None:
    def one_batch() -> bool:
        worker.run_once()
        return unread(admin, GROUP, [Topic.TRANSACTIONS]) == 0

    wait_until(one_batch, "all is read")


def test_every_event_is_handled_and_committed(make_worker: MakeWorker, kafka: AdminClient, orders: Orders) -> None:
    handled: list[Transaction] = []
    sent = orders(500)
    send_to_topics(sent)
    read_all(make_worker(lambda batch: handled.extend(batch.events)), kafka)
    assert sorted(handled, key=lambda event: event.amount) == sent


def test_events_of_one_user_come_in_their_order(make_worker: MakeWorker, kafka: AdminClient, orders: Orders) -> None:
    handled: list[Transaction] = []
    send_to_topics(orders(500))
    read_all(make_worker(lambda batch: handled.extend(batch.events), batch_size=7), kafka)
    for user in range(10):
        amounts = [event.amount for event in handled if event.user_id == user]
        assert amounts == sorted(amounts)
        assert len(amounts) == 50


def test_a_batch_whose_handling_fails_is_delivered_again(
    make_worker: MakeWorker, kafka: AdminClient, orders: Orders
) -> None:
    def fail(batch: Batch[Any]) -> None:
        raise RuntimeError("the database is away")

    send_to_topics(orders(5))
    failing = make_worker(fail)
    with pytest.raises(RuntimeError, match="the database is away"):
        read_all(failing, kafka)
    assert committed_offsets(kafka, GROUP) == {}
    failing.consumer.close()
    handled: list[Transaction] = []
    read_all(make_worker(lambda batch: handled.extend(batch.events)), kafka)
    assert {event.order_id for event in handled} == {f"a-{n}" for n in range(5)}


def test_what_cannot_be_read_is_buried_and_the_rest_handled(
    make_worker: MakeWorker, kafka: AdminClient, orders: Orders
) -> None:
    buried: list[Buried] = []
    handled: list[Transaction] = []
    send_to_topics(orders(10))
    send_all(clients.producer(), [Outgoing(Topic.TRANSACTIONS, b"7", b"no Avro")])
    read_all(make_worker(lambda batch: handled.extend(batch.events), bury=buried.extend), kafka)
    assert len(handled) == 10
    assert [(each.message.value(), each.reason) for each in buried] == [(b"no Avro", "the magic byte is 110, not 0")]


def test_nothing_is_committed_unless_the_burial_is_acknowledged(make_worker: MakeWorker, kafka: AdminClient) -> None:
    def fail(buried: Any) -> None:
        raise clients.NotDelivered("the dead-letter topic is away")

    send_all(clients.producer(), [Outgoing(Topic.TRANSACTIONS, b"7", b"no Avro")])
    with pytest.raises(clients.NotDelivered):
        read_all(make_worker(lambda batch: None, bury=fail), kafka)
    assert committed_offsets(kafka, GROUP) == {}


def test_too_many_bad_messages_in_a_row_stop_the_worker(make_worker: MakeWorker, kafka: AdminClient) -> None:
    buried: list[Buried] = []
    send_all(clients.producer(), [Outgoing(Topic.TRANSACTIONS, b"7", b"no Avro") for _ in range(11)])
    worker = make_worker(lambda batch: None, bury=buried.extend, max_buried_in_a_row=10)
    with pytest.raises(TooManyInvalidMessages, match="raise MAX_BURIED_IN_A_ROW"):
        read_all(worker, kafka)
    assert buried == []
    assert committed_offsets(kafka, GROUP) == {}


def test_good_messages_between_bad_ones_keep_the_worker_going(
    make_worker: MakeWorker, kafka: AdminClient, orders: Orders
) -> None:
    buried: list[Buried] = []
    good, bad = clients.codec().encode, b"no Avro"
    values = [value for order in orders(6) for value in (bad, bad, good(order))]
    send_all(clients.producer(), [Outgoing(Topic.TRANSACTIONS, b"7", value) for value in values])
    read_all(make_worker(lambda batch: None, bury=buried.extend, max_buried_in_a_row=10), kafka)
    assert len(buried) == 12


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


def test_an_implausible_event_is_invalid(kafka: AdminClient, make_worker: MakeWorker, orders: Orders) -> None:
    (order,) = orders(1)
    value = clients.codec().encode(Transaction("a", -1, 1.0, order.status, order.timestamp))
    send_all(clients.producer(), [Outgoing(Topic.TRANSACTIONS, b"-1", value)])
    buried: list[Buried] = []
    read_all(make_worker(lambda batch: None, bury=buried.extend), kafka)
    with pytest.raises(InvalidMessage, match="user_id -1 is negative"):
        decode(buried[0].message)


def refuse(numbers: set[int], handled: list[Transaction]) -> Callable[[Batch[Any]], None]:
    """A handler that refuses orders by number and takes the others."""

    def handle(batch: Batch[Any]) -> None:
        refused = [r for r in batch.records if int(r.event.order_id.removeprefix("a-")) in numbers]
        handled.extend(r.event for r in batch.records if r not in refused)
        if refused:
            raise InvalidRecords([(record, f"{record.event.order_id} is refused") for record in refused])

    return handle


def test_what_a_handler_refuses_is_buried_and_the_batch_committed(
    make_worker: MakeWorker, kafka: AdminClient, orders: Orders
) -> None:
    buried: list[Buried] = []
    handled: list[Transaction] = []
    sent = orders(20)
    send_to_topics(sent)
    read_all(make_worker(refuse({3, 17}, handled), bury=buried.extend), kafka)
    assert {each.reason for each in buried} == {"a-3 is refused", "a-17 is refused"}
    assert {decode(each.message).event for each in buried} == {sent[3], sent[17]}
    assert len(handled) == 18


def test_a_handler_that_refuses_everything_stops_the_worker(
    make_worker: MakeWorker, kafka: AdminClient, orders: Orders
) -> None:
    buried: list[Buried] = []
    send_to_topics(orders(30))
    worker = make_worker(refuse(set(range(30)), []), bury=buried.extend, max_buried_in_a_row=10, batch_size=4)
    with pytest.raises(TooManyInvalidMessages):
        read_all(worker, kafka)
    assert len(buried) <= 10
