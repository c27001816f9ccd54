"""The loop every worker runs: poll, decode, bury what cannot be read, handle the rest, commit. No Django here."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from streaming.consuming.reading_ahead import ReadingAhead, ReadingAtOnce
from streaming.message_fields import is_packed, partition, reached, stepped_over
from streaming.messages import REFUSED, Arrived, Buried, InvalidMessage, InvalidRecords, Progress
from streaming.partitioner import Partition
from streaming.records import Batch, Record

if TYPE_CHECKING:
    from streaming.columns import Made, Orders
    from streaming.librdkafka.consumer import BareConsumer
    from streaming.librdkafka.held import Held

log = structlog.get_logger(__name__)

EventT = TypeVar("EventT")

POLL_SECONDS = 1.0
FILL_SECONDS = 0.02
"""How long a batch that has begun waits for more: short beside a person's patience, long beside a fetch."""
LEAST_SECONDS, MOST_SECONDS = 0.1, 1.0
AS_LONG_AS = 4
"""How long a batch may grow while more comes than is dealt with at once, since what it adds up is then written less
often: so many times as long as was spent on the one before, but within these bounds; and for as long as the one before
is being dealt with."""
GATHER_BYTES = 32 * 1024 * 1024
"""and no more once its values are larger, since much of it is held several times"""
UNDER_LOAD = 500
"""messages within FILL_SECONDS"""

Unload = Callable[["Held", Set[Partition]], "Arrived | None"]
"""what a BareConsumer holds, and the partitions that are ours → what came; None, and all is still held, if each of the
messages is to be looked at by itself"""
News = Callable[[], None]
"""what a client has told beside messages, for when all that it has handed out by then has been dealt with"""
InColumns = Callable[[Sequence[Message]], tuple["Orders | None", Sequence[Message]]]
"""messages → what of them was read in columns, and those that are left over, in order within each partition"""

OVERTAKEN_BY_REBALANCE = {
    KafkaError.REBALANCE_IN_PROGRESS,
    KafkaError.ILLEGAL_GENERATION,
    KafkaError.UNKNOWN_MEMBER_ID,
}


class Worker(Generic[EventT]):
    """Delivers every message at least once, in order within its partition.

    A batch is committed before the next is begun. A BareConsumer's is read meanwhile, and what of it is of partitions
    that are not ours any more is thrown away: whoever has them now reads it from where we committed.

    A message that can never be processed is buried, and acknowledged there, before its offset is committed; any other
    failure rises, leaves the batch uncommitted and ends the worker, whose supervisor starts it again. However many
    messages in a row are invalid, each is buried and the worker goes on: whoever observes it may say otherwise.
    """

    def __init__(
        self,
        *,
        consumer: "Consumer | BareConsumer",
        topics: Sequence[str],
        decode: Callable[[Message], Record[EventT]],
        handle: Callable[[Batch[EventT]], None],
        bury: Callable[[Sequence[Buried]], None],
        concerns_us: Callable[[Message], bool] = lambda message: True,
        before_batch: Callable[[], None] = lambda: None,
        observe: Callable[[Progress], None] = lambda progress: None,
        joined: Callable[[Any], None] = lambda consumer: None,
        in_columns: InColumns | None = None,
        unload: Unload = lambda held, ours: None,
        news: Callable[[], News] = lambda: lambda: None,
        batch_size: int = 1000,
    ) -> None:
        self.consumer = consumer
        self.topics = list(topics)
        self.decode = decode
        self.handle = handle
        self.bury = bury
        self.concerns_us = concerns_us
        self.before_batch = before_batch
        self.observe = observe
        self.joined = joined
        self.in_columns = in_columns or (lambda messages: (None, messages))
        self.unload = unload
        self.news = news
        self.batch_size = batch_size
        self.stopping = False
        # The client is the reading thread's, but that we commit meanwhile, which librdkafka lets any thread do. The
        # Python client's commit() may then wait for as long as the other thread meets what cannot be unpacked.
        reading = ReadingAtOnce if isinstance(consumer, Consumer) else ReadingAhead
        self.reading: ReadingAtOnce[tuple[Arrived | None, News]] = reading(self._read)
        self._assigned_anew = False
        self._spent = 0.0
        self._made: Collection[Made] = ()

    def stop(self, *_: Any) -> None:
        """Finish the batch at hand, then end; fit to be a signal handler."""
        self.stopping = True

    def run(self) -> None:
        self.consumer.subscribe(self.topics, on_assign=self._note_assigned, on_revoke=_log_revoked)
        try:
            while not self.stopping:
                self.run_once()
        finally:
            self.close()

    def close(self) -> None:
        """Leave the group; what was read and not handled is read again by whoever gets the partitions."""
        self.reading.close()
        self.consumer.close()

    def _note_assigned(self, consumer: Any, partitions: list[TopicPartition]) -> None:
        log.info("partitions assigned", partitions=[f"{p.topic}[{p.partition}]" for p in partitions])
        self._assigned_anew = True
        self.joined(consumer)

    def run_once(self) -> int:
        """Process one batch and return its size; an exception leaves it uncommitted."""
        arrived, news = self.reading.take(self._still_ours)
        if arrived:
            self._process(arrived)
        news()
        return arrived.size if arrived else 0

    def _process(self, arrived: Arrived) -> None:
        began = perf_counter()
        self.before_batch()
        records, buried = self._decode_all(arrived.others)
        if buried:
            self.bury(buried)
        if batch := Batch(records, arrived.orders):
            buried += self._handle(batch, arrived)
        self._commit(arrived.last)
        self._spent = perf_counter() - began
        if arrived.orders:
            self._made = tuple(arrived.orders.made)
        self.observe(Progress(arrived.size, batch, buried, arrived.last, self._spent))

    def _still_ours(self, read: "tuple[Arrived | None, News]") -> "tuple[Arrived | None, News]":
        # All that came before it is committed, and nothing behind it has been read: whatever is thrown away here comes
        # again with its partition, from the offset that was committed.
        arrived, news = read
        return arrived and arrived.of(self._assigned()), news

    def _assigned(self) -> Set[Partition]:
        return {(each.topic, each.partition) for each in self.consumer.assignment()}

    def _read(self) -> "tuple[Arrived | None, News]":
        arrived = self._poll()
        if arrived and arrived.orders:
            # Whoever handles them will ask for the same of them as of those before.
            for function, arguments in self._made:
                arrived.orders.make(function, *arguments)
        return arrived, self.news()

    def _poll(self) -> Arrived | None:
        came = self._gather()
        if not came:
            return None
        # A batch may hold messages of partitions revoked while it filled (confluent-kafka-python#1013); their new owner
        # has them too.
        ours = self._assigned()
        is_anew, self._assigned_anew = self._assigned_anew, False
        if not isinstance(came, list):
            if not is_anew and (arrived := self.unload(came, ours)):
                return replace(arrived, others=[each for each in arrived.others if self.concerns_us(each)])
            came = cast("list[Message]", came.deliveries())
        messages = self._ours(_each_once(came) if is_anew else came, ours)
        if not messages:
            return None
        orders, others = self.in_columns([each for each in messages if is_packed(each) or self.concerns_us(each)])
        last = {partition(message): message for message in messages}
        return Arrived(len(messages), orders, others, last, partial(_messages_of, messages))

    def _ours(self, messages: list[Message], ours: Set[Partition]) -> list[Message]:
        """Those of our partitions, with stand-ins for what cannot be unpacked; raises KafkaException."""
        news = [message for message in messages if message.error()]
        for message in news:
            if not is_packed(message):
                raise KafkaException(message.error())
        if not set(map(partition, messages)) <= ours:
            messages = [message for message in messages if partition(message) in ours]
        return self._unpacked(messages) if news else messages

    def _gather(self) -> "list[Message] | Held":
        """What there is; while more comes than is dealt with at once, what comes within the time to gather."""
        seconds = min(max(LEAST_SECONDS, AS_LONG_AS * self._spent), MOST_SECONDS)
        came: list[Message] | Held = self.consumer.consume(1, timeout=POLL_SECONDS)
        ends, octets = perf_counter() + seconds, 0
        while 0 < (room := self.batch_size - len(came)) < self.batch_size and octets <= GATHER_BYTES:
            more: Any = self.consumer.consume(room, timeout=FILL_SECONDS)
            count = len(more)
            octets += sum(map(len, more)) if isinstance(more, list) else more.octets
            came += more
            if self.reading.is_awaited and (count < UNDER_LOAD or perf_counter() > ends):
                break
        return came

    def _unpacked(self, messages: Sequence[Message]) -> list[Message]:
        """The messages, with a stand-in for each that cannot be unpacked, which the client reports again and again."""
        met: dict[Partition, Message] = {}
        taken: list[Message] = []
        for message in messages:
            where = partition(message)
            if not is_packed(message):
                taken.append(message)
            elif where not in met:
                met[where] = stepped_over(self.consumer, message, reached(self.consumer, where))
                taken.append(met[where])
        return taken

    def _decode_all(self, messages: Iterable[Message]) -> tuple[list[Record[EventT]], list[Buried]]:
        records: list[Record[EventT]] = []
        buried: list[Buried] = []
        for message in messages:
            try:
                records.append(self.decode(message))
            except InvalidMessage as invalid:
                buried.append(Buried(message, str(invalid), invalid.kind))
        return records, buried

    def _handle(self, batch: Batch[EventT], arrived: Arrived) -> list[Buried]:
        """Have the batch handled; what the handler refuses is buried and returned."""
        try:
            self.handle(batch)
        except InvalidRecords as invalid:
            at = arrived.find([record for record, _ in invalid.reasons])
            buried = [Buried(m, reason, REFUSED) for m, (_, reason) in zip(at, invalid.reasons, strict=True)]
            self.bury(buried)
            return buried
        return []

    def _commit(self, last: Mapping[Partition, Message]) -> None:
        offsets = [TopicPartition(*each, int(message.offset() or 0) + 1) for each, message in last.items()]
        try:
            self.consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            if error.args[0].code() not in OVERTAKEN_BY_REBALANCE:
                raise
            # Handlers bear a second delivery: whoever owns these partitions now reads the batch again.
            log.warning("commit overtaken by a rebalance", error=str(error))


def _each_once(messages: Sequence[Message]) -> list[Message]:
    """The messages without those that came before: a partition that was given again begins where it was committed."""
    reached: dict[Partition, int] = {}
    kept: list[Message] = []
    for message in messages:
        where, offset = partition(message), message.offset()
        if message.error() or offset is None:
            kept.append(message)
        elif offset > reached.get(where, -1):
            kept.append(message)
            reached[where] = offset
    return kept


def _messages_of(messages: Sequence[Message], records: Sequence[Record[Any]]) -> list[Message]:
    at = {(*partition(message), message.offset()): message for message in messages}
    return [at[record.topic, record.partition, record.offset] for record in records]


def _log_revoked(_: Any, partitions: list[TopicPartition]) -> None:
    log.info("partitions revoked", partitions=[f"{p.topic}[{p.partition}]" for p in partitions])
