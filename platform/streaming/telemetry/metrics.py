"""What a worker's process exports to Prometheus, on a port of its own. docs/metrics.md says what each name means."""

from argparse import ArgumentParser
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from math import nan
from time import time
from typing import Any

from django.core.management.base import CommandError
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from streaming import message_fields
from streaming.messages import KINDS, Progress
from streaming.partitioner import Partition
from streaming.telemetry import librdkafka
from streaming.telemetry.librdkafka import ClientStatistics
from streaming.topics import DEAD_LETTERS

LOOPBACK = "127.0.0.1"
STATISTICS_EVERY_MS = 2000

REGISTRY = CollectorRegistry()
"""Ours alone: the global one is full of what Django's metrics say of the API."""

disable_created_metrics()  # type: ignore[no-untyped-call] # a second series for each, which Prometheus makes nothing of
ProcessCollector(registry=REGISTRY)
BATCHES = Histogram(
    "platform_worker_batch_records",
    "Messages in a worker's batch.",
    registry=REGISTRY,
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 20_000, 50_000, 100_000),
)
HANDLING = Histogram(
    "platform_worker_handling_seconds",
    "Time from a batch's arrival at a worker to its commit, in seconds.",
    registry=REGISTRY,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
HANDLED = Counter(
    "platform_worker_events_handled", "Events given to the worker's handler.", ["topic"], registry=REGISTRY
)
BURIED = Counter(
    "platform_worker_dead_letters",
    "Messages that the worker buried: unreadable, implausible, or refused by its handler.",
    ["topic", "reason"],
    registry=REGISTRY,
)
FOREIGN_LETTERS = Gauge(
    "platform_worker_foreign_letters",
    "Messages in a dead-letter topic that no worker wrote, as far as it was last read.",
    ["topic"],
    registry=REGISTRY,
)
LAST_COMMIT = Gauge(
    "platform_worker_last_commit_timestamp_seconds",
    "When the worker's last batch was committed, in seconds since 1970; 0: none yet.",
    registry=REGISTRY,
)

COUNTERS: Mapping[str, tuple[str, Callable[[ClientStatistics], int]]] = {
    "platform_worker_kafka_requests": ("Requests that the worker sent to Kafka brokers.", lambda s: s.requests_sent),
    "platform_worker_kafka_sent_bytes": (
        "Bytes that the worker sent to Kafka brokers, of requests of all kinds.",
        lambda s: s.bytes_sent,
    ),
    "platform_worker_kafka_received_bytes": (
        "Bytes that Kafka brokers answered the worker.",
        lambda s: s.bytes_received,
    ),
    "platform_worker_messages_sent": ("Messages that the worker sent to topics.", lambda s: s.messages_sent),
    "platform_worker_message_sent_bytes": (
        "Bytes of the messages that the worker sent to topics.",
        lambda s: s.message_bytes_sent,
    ),
    "platform_worker_messages_received": (
        "Messages that the worker fetched from topics.",
        lambda s: s.messages_received,
    ),
    "platform_worker_message_received_bytes": (
        "Bytes of the messages that the worker fetched from topics.",
        lambda s: s.message_bytes_received,
    ),
    "platform_worker_rebalances": ("Rebalances of the consumer group that the worker saw.", lambda s: s.rebalances),
}


@dataclass(eq=False)
class WorkerMetrics(Collector):
    """Takes what the worker's loop and its client report, and gives it to Prometheus when asked.

    The loop's thread writes and the server's reads: each mapping is replaced as a whole, never changed. What the thread
    hears that reads ahead is kept until the loop takes it.
    """

    clock: Callable[[], float] = time
    _client: ClientStatistics = field(default_factory=ClientStatistics)
    _as_of: Mapping[Partition, float] = field(default_factory=dict)
    """for each partition, a moment (seconds since 1970) up to which everything the broker had received is applied"""
    _heard: list[tuple[str, float]] = field(default_factory=list)
    """statistics that are not taken yet, and when they were told"""

    def client_options(self) -> dict[str, Any]:
        """What a Kafka client is given so that its statistics come here; whoever owns it must go on polling it."""
        return {"statistics.interval.ms": STATISTICS_EVERY_MS, "stats_cb": self.take_statistics}

    def readers_options(self) -> dict[str, Any]:
        """The same for a client that reads ahead of what is dealt with: what it tells waits for news()."""
        return {**self.client_options(), "stats_cb": lambda json: self._heard.append((json, self.clock()))}

    def news(self) -> Callable[[], None]:
        """Takes the statistics heard until now; to be called once all is dealt with that was handed out until now."""
        heard, self._heard = self._heard, []
        return partial(self._take, heard)

    def _take(self, heard: Iterable[tuple[str, float]]) -> None:
        for json, at in heard:
            self.take_statistics(json, at)

    def observe(self, progress: Progress) -> None:
        """A batch has been committed."""
        self._count_batch(progress.size, progress.seconds)
        for topic, count in progress.batch.by_topic.items():
            HANDLED.labels(topic).inc(count)
        for (topic, kind), count in Tally((str(each.message.topic()), each.kind) for each in progress.buried).items():
            BURIED.labels(topic, kind).inc(count)
        now = self.clock()
        moments = {each: message_fields.received_at(message) for each, message in progress.last.items()}
        # A time that only a producer stated may lie ahead: it makes nothing fresher than it can be.
        self._applied_up_to({each: min(now, at.timestamp()) for each, at in moments.items() if at})

    def sent(self, records: int, seconds: float) -> None:
        """A batch has been sent and acknowledged, by a worker that only sends."""
        self._count_batch(records, seconds)

    def _count_batch(self, size: int, seconds: float) -> None:
        BATCHES.observe(size)
        HANDLING.observe(seconds)
        LAST_COMMIT.set_to_current_time()

    def take_statistics(self, json: str, told_at: float | None = None) -> None:
        """librdkafka has new statistics. told_at: seconds since 1970, when they were told; None: now."""
        self._client = librdkafka.parse(json)
        now = self.clock() if told_at is None else told_at
        # Partitions that were taken away are forgotten; of one just given we know nothing older than now.
        self._as_of = {each: self._as_of.get(each, now) for each in self._client.reads}
        self._applied_up_to({each: now for each, lag in self._client.lags.items() if lag == 0})

    def _applied_up_to(self, moments: Mapping[Partition, float]) -> None:
        self._as_of = {**self._as_of, **{each: max(at, self._as_of.get(each, 0)) for each, at in moments.items()}}

    def collect(self) -> Iterator[Metric]:
        client = self._client
        for name, (help_text, count) in COUNTERS.items():
            yield CounterMetricFamily(name, help_text, value=count(client))
        yield from _of_brokers(client)
        yield _by_partition(
            "platform_worker_lag_records",
            "Records of the partition that the worker has not committed yet, as its client knows.",
            client.lags,
        )
        now = self.clock()
        yield _by_partition(
            "platform_worker_freshness_seconds",
            "Age of the moment up to which the worker has applied all of the partition, in seconds.",
            {each: max(0.0, now - at) for each, at in self._as_of.items()},
        )


def _of_brokers(client: ClientStatistics) -> Iterator[Metric]:
    up = GaugeMetricFamily(
        "platform_worker_broker_up", "1: the worker is connected to the Kafka broker.", labels=["broker"]
    )
    latency = GaugeMetricFamily(
        "platform_worker_broker_latency_seconds",
        "Time from the worker's request to the Kafka broker's answer in the last seconds, by quantile.",
        labels=["broker", "quantile"],
    )
    for broker, state in client.brokers.items():
        up.add_metric([broker], state.is_up)
        for quantile, seconds in state.latency.items():
            latency.add_metric([broker, quantile], seconds)
    yield from (up, latency)


def _by_partition(name: str, help_text: str, values: Mapping[Partition, float]) -> Metric:
    family = GaugeMetricFamily(name, help_text, labels=["topic", "partition"])
    for (topic, number), value in values.items():
        family.add_metric([topic, str(number)], value)
    return family


@dataclass(eq=False)
class Labelled(Collector):
    """Everything in our registry and from a worker's own metrics, under the worker's name."""

    worker: str
    metrics: WorkerMetrics

    def collect(self) -> Iterator[Metric]:
        for metric in (*REGISTRY.collect(), *self.metrics.collect()):
            metric.samples = [
                sample._replace(labels={"worker": self.worker} | dict(sample.labels)) for sample in metric.samples
            ]
            yield metric


def add_arguments(parser: ArgumentParser, port: int = 0) -> None:
    """The options of a command that serves metrics; port: where it does by default, 0: nowhere."""
    parser.add_argument("--metrics-port", type=int, default=port, help=f"serve metrics on this port; 0: none ({port})")
    parser.add_argument("--metrics-address", default=LOOPBACK, help=f"and at this address ({LOOPBACK})")


class NotServed(WorkerMetrics):
    """Metrics that nobody asks for: they cost nothing."""

    def client_options(self) -> dict[str, Any]:
        return {}

    def readers_options(self) -> dict[str, Any]:
        return {}

    def observe(self, progress: Progress) -> None:
        pass

    def sent(self, records: int, seconds: float) -> None:
        pass


def serve_worker(worker: str, port: int, address: str = LOOPBACK, topics: Iterable[str] = ()) -> WorkerMetrics:
    """Serve the metrics of a worker that reads these topics, unless the port is 0, and return what takes them."""
    if not port:
        return NotServed()
    for topic in topics:
        # There from the start, so that the first dead letter is seen as an increase.
        HANDLED.labels(topic)
        FOREIGN_LETTERS.labels(f"{topic}{DEAD_LETTERS}").set(nan)
        for kind in KINDS:
            BURIED.labels(topic, kind)
    metrics = WorkerMetrics()
    serve([Labelled(worker, metrics)], port, address)
    return metrics


def serve(collectors: Iterable[Collector], port: int, address: str = LOOPBACK) -> None:
    """Answer Prometheus from a thread of its own for as long as the process lives; raises CommandError."""
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)
    try:
        start_http_server(port, address, registry)
    except OSError as error:
        raise CommandError(
            f"Metrics cannot be served on {address}:{port} ({error.strerror}): end what listens there, or choose "
            "another --metrics-port."
        ) from error
