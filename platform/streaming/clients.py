"""Kafka's clients, configured in one place."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from threading import Timer
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from streaming import client_properties
from streaming.schemas.avro import Codec
from streaming.schemas.ids import FingerprintIds, SchemaIds
from streaming.topics import LETTER_BYTES, TOPICS

if TYPE_CHECKING:
    from streaming.librdkafka.consumer import BareConsumer
    from streaming.schemas.registry import RegistryIds

log = logging.getLogger(__name__)
SEND_TIMEOUT_SECONDS = 60
SESSION_TIMEOUT_MS = 10_000
LAST_ANSWER_SECONDS = 30
"""After so long, none is on its way any more to who has stopped asking."""

ClientT = TypeVar("ClientT")


class NotDelivered(RuntimeError):
    """The broker did not acknowledge some records; says which and why."""


def consumer(group: str, *, instance: str | None = None, **overrides: Any) -> Consumer:
    """A consumer of committed records that commits only when asked to.

    instance: a name that outlives the process (group.instance.id). A worker that was killed and starts again under the
    same name takes its partitions back at once, without waiting for its session to time out.
    """
    return _made(Consumer, _member(group, instance) | overrides)


def column_consumer(group: str, *, instance: str | None = None, **overrides: Any) -> "Consumer | BareConsumer":
    """As consumer(), but one that can give its messages in columns, wherever librdkafka's C functions can be used."""
    options = _member(group, instance) | overrides
    try:
        # Not everywhere is this the way to read.
        from streaming.librdkafka.consumer import BareConsumer  # noqa: PLC0415

        return _made(BareConsumer, options)
    except (ImportError, OSError) as reason:
        log.warning("messages are made objects one by one, which is slower: %s", reason)
        return _made(Consumer, options)


def _member(group: str, instance: str | None) -> dict[str, Any]:
    """How a member of a consumer group is configured."""
    static = {"group.instance.id": instance_id(group, instance)} if instance else {}
    chosen = {
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
        "isolation.level": "read_committed",
        # Range keeps partition n of transactions and of transactions.status with the same member.
        "partition.assignment.strategy": "range",
        "session.timeout.ms": SESSION_TIMEOUT_MS,
        "heartbeat.interval.ms": 2_000,
        # After a full queue it would stay away for a second, in which a fast worker empties it and waits.
        "fetch.queue.backoff.ms": 20,
        # So long a start waits behind a request of few partitions that finds nothing, and not half a second, twice.
        "fetch.wait.max.ms": 100,
    }
    return chosen | connection() | {"group.id": group} | static


def instance_id(group: str, instance: str) -> str:
    """What Kafka calls the process of this name in a group."""
    return f"{group}-{instance}"


def session_seconds() -> float:
    """After so long, a member that says nothing is put out of its group."""
    return float(settings.KAFKA.get("session.timeout.ms", SESSION_TIMEOUT_MS)) / 1000


def producer(**overrides: Any) -> Producer:
    """A producer that neither loses nor doubles nor reorders, and places keys as Java clients do."""
    return _made(
        Producer,
        {
            "enable.idempotence": True,
            "acks": "all",
            "partitioner": "murmur2_random",
            "linger.ms": 5,
            "compression.type": "lz4",
            # As much as any of our topics takes: the client counts before it compresses, the broker afterwards.
            "message.max.bytes": LETTER_BYTES,
            # What has left the queue and was not refused is acknowledged: no call of Python's for each record.
            "delivery.report.only.error": True,
        }
        | connection()
        | overrides,
    )


@cache
def admin() -> AdminClient:
    return _made(AdminClient, connection())


def renew_admin() -> None:
    """Let admin() be a new client from now on, where the present one has failed.

    One that has seen its brokers go may never again hear of groups, and aborts the process when it goes on asking
    (librdkafka#4605). It would abort as well if it ended with answers on their way: so it lives a little longer.
    """
    keep = Timer(LAST_ANSWER_SECONDS, lambda client: None, [admin()])
    keep.daemon = True
    keep.start()
    admin.cache_clear()


@cache
def codec() -> Codec:
    return Codec(settings.SCHEMAS, schema_ids())


def schema_ids() -> SchemaIds:
    """The adapter that SCHEMA_IDS chooses."""
    return registry() if settings.SCHEMA_IDS.kind == "registry" else FingerprintIds(settings.SCHEMAS)


def registry() -> "RegistryIds":
    """The registry that SCHEMA_IDS names."""
    # Its client takes 13 MB in every process, and embedded parts have no registry.
    from streaming.schemas.registry import RegistryIds  # noqa: PLC0415 - only where there is one

    subjects = {event_type.__name__: topic.subject for event_type, topic in TOPICS.items()}
    return RegistryIds(settings.SCHEMA_IDS.where, subjects, settings.CA_FILE)


class Outgoing(NamedTuple):
    """A record on its way to a topic."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = ()


def send_all(to: Producer, records: Iterable[Outgoing]) -> int:
    """Send the records and wait until the broker has acknowledged every one; returns their number.

    Raises NotDelivered if any was refused or not acknowledged within SEND_TIMEOUT_SECONDS.
    """
    sent, refusals = _sent(to, records)
    if refusals:
        raise not_delivered(sent, list(refusals.values()))
    return sent


def send_what_fits(to: Producer, records: Sequence[Outgoing]) -> set[int]:
    """Like send_all, but returns the places in the list of those records that are too large for producer or topic."""
    sent, refusals = _sent(to, records)
    too_large = {at for at, each in refusals.items() if each.error.code() == KafkaError.MSG_SIZE_TOO_LARGE}
    if others := [each for at, each in refusals.items() if at not in too_large]:
        raise not_delivered(sent, others)
    return too_large


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a record is not in its topic."""

    topic: str
    key: bytes | None
    error: KafkaError

    def __str__(self) -> str:
        return f"{self.topic} key {(self.key or b'')[:100]!r}: {self.error}"


def not_delivered(sent: int, refusals: Sequence[Refusal]) -> NotDelivered:
    """The error that says how many of so many records were refused, and of the first few why."""
    reasons = "".join(f"; {each}" for each in refusals[:5])
    return NotDelivered(f"of {sent} records {len(refusals)} were refused{reasons}")


def _sent(to: Producer, records: Iterable[Outgoing]) -> tuple[int, dict[int, Refusal]]:
    """How many records were sent, and which of them were refused, by their places.

    Raises NotDelivered if some got no answer in time.
    """
    refusals: dict[int, Refusal] = {}

    def report(place: int, record: Outgoing, error: KafkaError | None, message: Message | None = None) -> None:
        if error is not None:
            refusals[place] = Refusal(record.topic, record.key, error)

    sent = 0
    for record in records:
        try:
            _produce(to, record, partial(report, sent, record))
        except KafkaException as error:
            report(sent, record, error.args[0])
        sent += 1
    if left := to.flush(SEND_TIMEOUT_SECONDS):
        raise NotDelivered(f"of {sent} records {left} were not acknowledged in {SEND_TIMEOUT_SECONDS} s")
    return sent, refusals


def _produce(to: Producer, record: Outgoing, report: Any) -> None:
    topic, key, value, headers = record
    while True:
        try:
            to.produce(topic, value, key, headers=list(headers) or None, on_delivery=report)
        except BufferError:
            to.poll(0.1)
        else:
            return


def connection() -> dict[str, Any]:
    """What every client is configured with: the KAFKA_ settings win over what is chosen here."""
    if "bootstrap.servers" not in settings.KAFKA:
        raise ImproperlyConfigured(
            "KAFKA_BOOTSTRAP_SERVERS is not set: set it to the brokers' addresses, such as 127.0.0.1:9092."
        )
    # librdkafka logs lost connections and mends them by itself; what is fatal comes back from the next call.
    chosen = {"reconnect.backoff.max.ms": 1_000, "logger": log}
    return chosen | {name: value for name, value in settings.KAFKA.items() if name not in _addressed_to_others()}


def _addressed_to_others() -> set[str]:
    """Properties that the environment names and librdkafka does not know. In our own file, such a one is a mistake."""
    names = set(client_properties.unknown(settings.KAFKA)) & settings.KAFKA_FROM_ENVIRONMENT
    if names:
        _tell_once(tuple(sorted(env_name(name) for name in names)))
    return names


@cache
def _tell_once(variables: tuple[str, ...]) -> None:
    log.warning("ignored, since librdkafka has no such properties: %s", ", ".join(variables))


def env_name(name: str) -> str:
    """The variable by which a property of librdkafka is set: sasl.username is KAFKA_SASL_USERNAME."""
    return "KAFKA_" + name.upper().replace(".", "_")


def _made(client: Callable[[dict[str, Any]], ClientT], configuration: dict[str, Any]) -> ClientT:
    try:
        return client(configuration)
    except KafkaException as error:
        if error.args[0].code() != KafkaError._INVALID_ARG:
            raise
        raise ImproperlyConfigured(
            f"{error.args[0].str()}. Every KAFKA_ variable of the environment becomes a property of librdkafka "
            "(KAFKA_SASL_USERNAME is sasl.username): mend or unset the one that is none."
        ) from error
