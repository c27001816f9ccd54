"""A member of a consumer group, made of librdkafka's C functions, whose messages need not be objects of Python's.

It does what confluent_kafka.Consumer does, by the same calls; docs/decisions/0068-columns-straight-from-librdkafka.md
says why.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from logging import CRITICAL, DEBUG, ERROR, INFO, WARNING, Logger
from typing import Any
from weakref import WeakSet

import numpy as np
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from streaming.librdkafka.functions import FFI, NotUsable, library, text
from streaming.librdkafka.held import Held

CONSUMER, ERROR_BYTES = 1, 512
LOG_EVENT, STATISTICS_EVENT = 0x4, 0x40
SEVERITIES = {0: CRITICAL, 1: CRITICAL, 2: CRITICAL, 3: ERROR, 4: WARNING, 5: INFO, 6: INFO}
"""those of syslog, as Python's logging has them"""
SEEK_SECONDS = 10


def text_of(name: str, value: Any) -> str:
    """A property's value as librdkafka takes it; raises NotUsable for what only an object can be."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise NotUsable(f"{name} is no text")


class BareConsumer:
    """What a worker's loop uses of confluent_kafka.Consumer, but that consume() gives addresses: Held.

    options: as confluent_kafka.Consumer takes them; raises NotUsable for those that only objects can be, but for
    `logger` and `stats_cb`, and KafkaException for what librdkafka does not take. To be used by one thread at a time,
    but for commit().
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        texts = dict(options)
        self._logger: Logger | None = texts.pop("logger", None)
        self._on_statistics: Callable[[str], object] = texts.pop("stats_cb", lambda json: None)
        self._c = library()
        self._client = self._made({name: text_of(name, value) for name, value in texts.items()} | {"log.queue": "true"})
        self._news = self._c.rd_kafka_queue_get_main(self._client)
        self._check(self._c.rd_kafka_set_log_queue(self._client, self._news))
        self._messages = self._c.rd_kafka_queue_get_consumer(self._client)
        self._on_assign: Callable[..., object] = lambda *_: None
        self._on_revoke: Callable[..., object] = lambda *_: None
        self._is_open = True
        self._given: WeakSet[Held] = WeakSet()
        self._membership: tuple[str, frozenset[tuple[str, int]]] = "", frozenset()

    def _made(self, texts: Mapping[str, str]) -> Any:
        conf, why = self._c.rd_kafka_conf_new(), FFI.new("char[]", ERROR_BYTES)
        for name, value in texts.items():
            if self._c.rd_kafka_conf_set(conf, name.encode(), value.encode(), why, ERROR_BYTES):
                self._c.rd_kafka_conf_destroy(conf)
                raise KafkaException(KafkaError(KafkaError._INVALID_ARG, text(why)))
        self._c.rd_kafka_conf_set_events(conf, LOG_EVENT | STATISTICS_EVENT)
        client = self._c.rd_kafka_new(CONSUMER, conf, why, ERROR_BYTES)
        if client == FFI.NULL:
            self._c.rd_kafka_conf_destroy(conf)
            raise KafkaException(KafkaError(KafkaError._INVALID_ARG, text(why)))
        return client

    def _check(self, code: int) -> None:
        if code:
            raise KafkaException(KafkaError(code, text(self._c.rd_kafka_err2str(code))))

    def subscribe(
        self,
        topics: Sequence[str],
        on_assign: Callable[..., object] = lambda *_: None,
        on_revoke: Callable[..., object] = lambda *_: None,
    ) -> None:
        """The callbacks are called by consume(), once librdkafka has taken over the partitions or given them up."""
        self._on_assign, self._on_revoke = on_assign, on_revoke
        asked = self._listed(TopicPartition(topic) for topic in topics)
        self._check(self._c.rd_kafka_subscribe(self._client, asked))

    def consume(self, count: int, timeout: float) -> "Held":
        """The messages that come within so many seconds; so many at the most."""
        self._take_news()
        addresses = np.empty(count, np.int64)
        into = FFI.cast("rd_kafka_message_t **", addresses.ctypes.data)
        came = self._c.rd_kafka_consume_batch_queue(self._messages, round(timeout * 1000), into, count)
        if came < 0:
            raise KafkaException(KafkaError(KafkaError._FAIL, "the queue of messages cannot be read"))
        held = Held(self._c, addresses[:came])
        self._given.add(held)
        self._note_membership()
        return held

    def _take_news(self) -> None:
        """What the client has logged, and what statistics it has."""
        while (event := self._c.rd_kafka_queue_poll(self._news, 0)) != FFI.NULL:
            kind = self._c.rd_kafka_event_type(event)
            statistics = text(self._c.rd_kafka_event_stats(event)) if kind == STATISTICS_EVENT else ""
            if kind == LOG_EVENT:
                self._log(event)
            self._c.rd_kafka_event_destroy(event)
            if statistics:
                self._on_statistics(statistics)

    def _log(self, event: Any) -> None:
        facility, words, severity = FFI.new("char **"), FFI.new("char **"), FFI.new("int *")
        if self._logger and not self._c.rd_kafka_event_log(event, facility, words, severity):
            name = text(self._c.rd_kafka_name(self._client))
            level = SEVERITIES.get(severity[0], DEBUG)
            self._logger.log(level, "%s [%s] %s", text(facility[0]), name, text(words[0]))

    def _note_membership(self) -> None:
        before, now = self._membership, (self.memberid() or "", frozenset(_places(self.assignment())))
        self._membership = now
        if lost := before[1] - now[1]:
            self._on_revoke(self, [TopicPartition(*each) for each in sorted(lost)])
        if now[0] and (now[0] != before[0] or now[1] - before[1]):
            self._on_assign(self, [TopicPartition(*each) for each in sorted(now[1])])

    def memberid(self) -> str | None:
        """None: it is no member yet."""
        found = self._c.rd_kafka_memberid(self._client)
        if found == FFI.NULL:
            return None
        name = text(found)
        self._c.rd_kafka_mem_free(self._client, found)
        return name

    def assignment(self) -> list[TopicPartition]:
        into = FFI.new("rd_kafka_topic_partition_list_t **")
        self._check(self._c.rd_kafka_assignment(self._client, into))
        return self._told(FFI.gc(into[0], self._c.rd_kafka_topic_partition_list_destroy))

    def commit(self, offsets: Sequence[TopicPartition], asynchronous: bool) -> None:
        """Raises KafkaException."""
        self._check(self._c.rd_kafka_commit(self._client, self._listed(offsets), asynchronous))

    def committed(self, partitions: Sequence[TopicPartition], timeout: float) -> list[TopicPartition]:
        """With the group's offsets."""
        asked = self._listed(partitions)
        self._check(self._c.rd_kafka_committed(self._client, asked, round(timeout * 1000)))
        return self._told(asked)

    def position(self, partitions: Sequence[TopicPartition]) -> list[TopicPartition]:
        """With the offset behind the last message of each that was given out."""
        asked = self._listed(partitions)
        self._check(self._c.rd_kafka_position(self._client, asked))
        return self._told(asked)

    def seek(self, to: TopicPartition) -> None:
        asked = self._listed([to])
        error = self._c.rd_kafka_seek_partitions(self._client, asked, SEEK_SECONDS * 1000)
        code = asked.elems[0].err
        if error != FFI.NULL:
            code = self._c.rd_kafka_error_code(error)
            self._c.rd_kafka_error_destroy(error)
        self._check(code)

    def close(self) -> None:
        """Leave the group; what is still held is given back."""
        if not self._is_open:
            return
        self._is_open = False
        for held in self._given:
            held.free()
        code = self._c.rd_kafka_consumer_close(self._client)
        self._take_news()
        for queue in (self._news, self._messages):
            self._c.rd_kafka_queue_destroy(queue)
        self._c.rd_kafka_destroy(self._client)
        if code and self._logger:
            # Whoever was put out of the group cannot leave it, and has been told why.
            self._logger.info("not left as a member would: %s", text(self._c.rd_kafka_err2str(code)))

    def _listed(self, partitions: Iterable[TopicPartition]) -> Any:
        made = self._c.rd_kafka_topic_partition_list_new(0)
        for each in partitions:
            self._c.rd_kafka_topic_partition_list_add(made, each.topic.encode(), each.partition).offset = each.offset
        return FFI.gc(made, self._c.rd_kafka_topic_partition_list_destroy)

    def _told(self, listed: Any) -> list[TopicPartition]:
        found = (listed.elems[place] for place in range(listed.cnt))
        return [TopicPartition(text(each.topic), each.partition, each.offset) for each in found]


def _places(partitions: Iterable[TopicPartition]) -> Iterable[tuple[str, int]]:
    return ((each.topic, each.partition) for each in partitions)
