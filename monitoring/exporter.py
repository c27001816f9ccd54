"""What was observed of the cluster, for Prometheus: kafka_exporter's names, and more. docs/metrics.md lists them."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from time import perf_counter

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from monitoring.observation import GroupStatus, Observation, Outage
from monitoring.observer import Observer
from monitoring.reasons import PartitionVerdict, Verdict
from streaming.inspecting.cluster import Cluster, PartitionState

OFFLINE = -1
Labels = tuple[str, str]


@dataclass(frozen=True, slots=True)
class LatestObservation:
    """What was seen last, and how the latest observation went."""

    observation: Observation | None
    is_up: bool
    seconds: float


class Exporter(Collector):
    """Serves the last observation. While Kafka is away, groups and partitions stay as they were seen last."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._lock = Lock()
        self._latest = LatestObservation(None, is_up=False, seconds=0.0)

    def observe(self) -> Observation | Outage:
        """Observe the cluster, and serve that from now on."""
        began = perf_counter()
        observed = self._observer.observe()
        seconds = perf_counter() - began
        with self._lock:
            seen = observed if isinstance(observed, Observation) else self._latest.observation
            self._latest = LatestObservation(seen, isinstance(observed, Observation), seconds)
        return observed

    @property
    def seconds(self) -> float:
        """How long the latest observation took."""
        with self._lock:
            return self._latest.seconds

    def collect(self) -> Iterator[Metric]:
        with self._lock:
            latest = self._latest
        brokers = latest.observation.cluster.answering if latest.observation and latest.is_up else ()
        yield _gauge(
            "platform_monitor_up",
            "1: run_monitor could observe Kafka the last time; 0: it could not.",
            "",
            [((), latest.is_up)],
        )
        yield _gauge(
            "platform_monitor_observation_seconds",
            "How long the latest observation of Kafka took, in seconds.",
            "",
            [((), latest.seconds)],
        )
        yield _gauge("kafka_brokers", "Kafka brokers that answer.", "", [((), len(brokers))])
        yield _gauge(
            "kafka_broker_info",
            "Always 1: a Kafka broker that answers, with its id and address.",
            "id address",
            [((each.id, f"{each.host}:{each.port}"), 1) for each in brokers],
        )
        if latest.observation:
            at = latest.observation.cluster.at.timestamp()
            yield _gauge(
                "platform_monitor_observation_timestamp_seconds",
                "When Kafka was last observed, in seconds since 1970.",
                "",
                [((), at)],
            )
            yield from _of_partitions(latest.observation.cluster)
            yield from _of_groups(latest.observation.groups)
            yield from _of_groups_and_partitions(latest.observation.groups)


Row = tuple[tuple[object, ...], float | None]


def _gauge(name: str, help_text: str, labels: str, rows: Iterable[Row]) -> Metric:
    """A metric with a series for each (values of the labels, value); what is not known has none."""
    family = GaugeMetricFamily(name, help_text, labels=labels.split())
    for values, value in rows:
        if value is not None:
            family.add_metric([str(each) for each in values], value)
    return family


OF_PARTITIONS: Mapping[str, tuple[str, Callable[[PartitionState], float | None]]] = {
    "current_offset": ("The offset that the next record of the partition will get.", lambda p: p.end),
    "oldest_offset": ("The offset of the oldest record that the partition still keeps.", lambda p: p.begin),
    "replicas": ("Replicas that the partition should have.", lambda p: p.replicas),
    "in_sync_replica": ("Replicas of the partition that are in sync.", lambda p: p.in_sync),
    "under_replicated_partition": (
        "1: not all replicas of the partition are in sync.",
        lambda p: p.is_under_replicated,
    ),
    "leader": (
        "Id of the broker that leads the partition; -1: it is offline.",
        lambda p: OFFLINE if p.leader is None else p.leader,
    ),
    "last_stable_offset": (
        "The partition's offset from which on an open transaction keeps records from readers.",
        lambda p: p.stable,
    ),
    "leader_is_preferred": (
        "1: the partition is led by its preferred leader.",
        lambda p: p.leader == p.preferred_leader,
    ),
}


def _of_partitions(cluster: Cluster) -> Iterator[Metric]:
    partitions = cluster.partitions
    counts = Counter(each.topic for each in partitions)
    yield _gauge(
        "kafka_topic_partitions", "Partitions of the topic.", "topic", [((topic,), n) for topic, n in counts.items()]
    )
    for name, (help_text, of) in OF_PARTITIONS.items():
        rows = [((each.topic, each.number), of(each)) for each in partitions]
        yield _gauge(f"kafka_topic_partition_{name}", help_text, "topic partition", rows)
    yield _gauge(
        "kafka_topic_partition_open_transaction_seconds",
        "Age of the partition's oldest open transaction, in seconds; 0: none is open.",
        "topic partition",
        [((each.topic, each.number), _open_for(each, cluster.at)) for each in partitions],
    )


def _open_for(partition: PartitionState, now: datetime) -> float | None:
    if partition.stable is None:
        return None
    return (now - partition.open_since).total_seconds() if partition.open_since else 0.0


def _of_groups(groups: Sequence[GroupStatus]) -> Iterator[Metric]:
    judged = [(each.group.name, each.judgement) for each in groups]
    yield _gauge(
        "kafka_consumergroup_members",
        "Members of the consumer group.",
        "consumergroup",
        [((each.group.name,), len(each.group.members)) for each in groups],
    )
    yield _gauge(
        "kafka_consumergroup_verdict",
        "1: this is the consumer group's verdict.",
        "consumergroup verdict",
        [((name, verdict), judgement.verdict is verdict) for name, judgement in judged for verdict in Verdict],
    )
    yield _gauge(
        "kafka_consumergroup_lag_trend",
        "By how many records a second the consumer group's lag grows; below 0: it shrinks.",
        "consumergroup",
        [((name,), judgement.trend) for name, judgement in judged],
    )
    yield _gauge(
        "kafka_consumergroup_time_to_clear_seconds",
        "Seconds until the consumer group has caught up, if its lag shrinks on as it does.",
        "consumergroup",
        [((name,), judgement.seconds_to_clear) for name, judgement in judged],
    )


def _of_groups_and_partitions(groups: Sequence[GroupStatus]) -> Iterator[Metric]:
    stands = [
        (status, lag, (status.group.name, lag.topic, lag.partition)) for status in groups for lag in status.group.lags
    ]
    labels = "consumergroup topic partition"
    offsets, lags = Counter[Labels](), Counter[Labels]()
    for _, lag, (name, topic, _) in stands:
        offsets[name, topic] += lag.committed
        lags[name, topic] += lag.lag
    yield _gauge(
        "kafka_consumergroup_current_offset",
        "The offset that the consumer group reads next in the partition.",
        labels,
        [(each, lag.committed) for _, lag, each in stands],
    )
    yield _gauge(
        "kafka_consumergroup_lag",
        "Records of the partition that the consumer group has not read.",
        labels,
        [(each, lag.lag) for _, lag, each in stands],
    )
    yield _gauge(
        "kafka_consumergroup_lag_seconds",
        "How long the oldest record that the consumer group has not read has waited, in seconds.",
        labels,
        [(each, status.age_of(lag)) for status, lag, each in stands],
    )
    yield _gauge(
        "kafka_consumergroup_current_offset_sum",
        "The offsets that the consumer group reads next, summed over the topic's partitions.",
        "consumergroup topic",
        offsets.items(),
    )
    yield _gauge(
        "kafka_consumergroup_lag_sum",
        "Records of the topic that the consumer group has not read, of all its partitions.",
        "consumergroup topic",
        lags.items(),
    )
    yield _gauge(
        "kafka_consumergroup_partition_verdict",
        "1: this is the verdict on the consumer group in the partition.",
        f"{labels} verdict",
        [
            ((*each, verdict), status.verdict_of((lag.topic, lag.partition)) is verdict)
            for status, lag, each in stands
            for verdict in PartitionVerdict
        ],
    )
