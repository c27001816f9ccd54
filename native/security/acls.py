"""Who may do what in Kafka: one principal per service, and the least that it needs.

Whatever no grant allows is refused. READ, WRITE and DELETE bring DESCRIBE with them, as in Kafka itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from streaming.topics import Group, Topic
from streaming.topology import AGGREGATOR, EVENTS, WORKERS


class Resource(StrEnum):
    TOPIC = "TOPIC"
    GROUP = "GROUP"
    CLUSTER = "BROKER"
    """Kafka's client calls the cluster as a whole by this name."""
    TRANSACTIONAL_ID = "TRANSACTIONAL_ID"


class Operation(StrEnum):
    READ = "READ"
    WRITE = "WRITE"
    CREATE = "CREATE"
    DELETE = "DELETE"
    DESCRIBE = "DESCRIBE"
    DESCRIBE_CONFIGS = "DESCRIBE_CONFIGS"
    ALTER_CONFIGS = "ALTER_CONFIGS"
    IDEMPOTENT_WRITE = "IDEMPOTENT_WRITE"


READ, WRITE, CREATE, DELETE, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS, IDEMPOTENT_WRITE = Operation
CLUSTER_NAME = "kafka-cluster"
EVERY = "*"
IMPLY_DESCRIBE = {READ, WRITE, DELETE}


@dataclass(frozen=True, slots=True)
class Grant:
    """What a principal may do with a resource.

    prefixed: the name stands for every name that begins with it.
    """

    principal: str
    resource: Resource
    name: str
    operation: Operation
    prefixed: bool = False

    def covers(self, resource: Resource, name: str, operation: Operation) -> bool:
        operations = {self.operation, DESCRIBE} if self.operation in IMPLY_DESCRIBE else {self.operation}
        names = self.name == EVERY or (name.startswith(self.name) if self.prefixed else name == self.name)
        return self.resource == resource and operation in operations and names


TRANSACTIONS, STATUS, CORRECTIONS = Topic.TRANSACTIONS, Topic.TRANSACTIONS_STATUS, Topic.TRANSACTIONS_CORRECTIONS
CHANGES = Topic.MYSQL_TRANSACTIONS
SINK_GROUP = "connect-elasticsearch-sink"
DEAD_LETTERS = [topic.dead_letters for topic in Topic]


def grants() -> list[Grant]:
    """Every grant there is."""
    return [
        *_readers(), *_writers(), *_monitor(), *_reconciler(), *_redrive(), *_deployer(), *_connect(), *_registry(),
    ]  # fmt: skip


def principals() -> list[str]:
    return sorted({grant.principal for grant in grants()})


def allowed(principal: str, operation: Operation, resource: Resource, name: str) -> bool:
    """Whether some grant lets a principal do this."""
    return any(grant.principal == principal and grant.covers(resource, name, operation) for grant in grants())


def _readers() -> Iterator[Grant]:
    for worker in WORKERS:
        if worker.group:
            yield Grant(worker.name, Resource.GROUP, worker.group, READ)
        for topic in worker.reads:
            yield Grant(worker.name, Resource.TOPIC, topic, READ)
            yield Grant(worker.name, Resource.TOPIC, topic.dead_letters, WRITE)
    # Fills its memory of the last order ids from the log, less what it buried, in a group that commits nothing.
    yield Grant(AGGREGATOR.name, Resource.GROUP, "aggregator-read-back", READ)
    for topic in AGGREGATOR.reads:
        yield Grant(AGGREGATOR.name, Resource.TOPIC, topic.dead_letters, READ)


def _writers() -> Iterator[Grant]:
    # Who may write to a topic may do so idempotently, too: no further grant is needed for that.
    for worker in WORKERS:
        for topic in worker.writes:
            yield Grant(worker.name, Resource.TOPIC, topic, WRITE)
    yield Grant("producer", Resource.TOPIC, TRANSACTIONS, WRITE)


def _monitor() -> Iterator[Grant]:
    """Sees how everything is, for the API and for Prometheus."""
    yield Grant("monitor", Resource.CLUSTER, CLUSTER_NAME, DESCRIBE)
    yield Grant("monitor", Resource.TOPIC, EVERY, DESCRIBE)
    yield Grant("monitor", Resource.GROUP, EVERY, DESCRIBE)
    # Lag in seconds is the age of the first unread record, which only the record itself holds; groups lag in events, in
    # changes of rows, and in dead letters.
    for topic in (*EVENTS, CHANGES, *DEAD_LETTERS):
        yield Grant("monitor", Resource.TOPIC, topic, READ)


def _reconciler() -> Iterator[Grant]:
    """Compares topics with tables, for Celery and by hand. What it mends it writes to the database only.

    Its Celery worker is another one than the one that sends simulated traffic: who may send orders need not be able to
    read them, and who reads for minutes must not keep e-mails waiting.
    """
    yield Grant("reconciler", Resource.GROUP, "reconciler", READ)
    for topic in (TRANSACTIONS, STATUS, CORRECTIONS):
        yield Grant("reconciler", Resource.TOPIC, topic, READ)
        yield Grant("reconciler", Resource.TOPIC, topic.dead_letters, READ)


def _redrive() -> Iterator[Grant]:
    """Sends by hand what did not get through: dead letters, and rows of the outbox that no topic has."""
    yield Grant("redrive", Resource.GROUP, "redrive", READ)
    for topic in EVENTS:
        yield Grant("redrive", Resource.TOPIC, topic.dead_letters, READ)
        yield Grant("redrive", Resource.TOPIC, topic, WRITE)
        # What did not fit into a letter is read again where it came from.
        yield Grant("redrive", Resource.TOPIC, topic, READ)


def _deployer() -> Iterator[Grant]:
    """Makes the platform's topics, keeps the settings that all rely on, and takes away what is out of use."""
    for topic in (*EVENTS, CHANGES, *DEAD_LETTERS):
        yield Grant("deployer", Resource.TOPIC, topic, CREATE)
        yield Grant("deployer", Resource.TOPIC, topic, DESCRIBE)
        yield Grant("deployer", Resource.TOPIC, topic, DESCRIBE_CONFIGS)
        yield Grant("deployer", Resource.TOPIC, topic, ALTER_CONFIGS)
    # Of the two ways into the search index one is out of use, and its group with it.
    for group in (Group.INDEXER, SINK_GROUP):
        yield Grant("deployer", Resource.GROUP, group, DELETE)


def _connect() -> Iterator[Grant]:
    yield Grant("connect", Resource.GROUP, "connect-cluster", READ)
    yield Grant("connect", Resource.CLUSTER, CLUSTER_NAME, IDEMPOTENT_WRITE)
    # Its own topics (connect-configs, connect-offsets, connect-status) and its connectors' (histories, heartbeats).
    for prefix in ("connect-", "__debezium-heartbeat."):
        for operation in (READ, WRITE, CREATE, DESCRIBE_CONFIGS):
            yield Grant("connect", Resource.TOPIC, prefix, operation, prefixed=True)
    # Exactly once: a transactional id for the leader and for each task.
    for operation in (WRITE, DESCRIBE):
        yield Grant("connect", Resource.TRANSACTIONAL_ID, "connect-cluster-", operation, prefixed=True)
    # Debezium reads its history of table definitions in these groups when a task restarts.
    for connector in ("mysql", "outbox"):
        yield Grant("connect", Resource.GROUP, f"{connector}-schemahistory", READ)
    # What the connectors carry: changes of rows, the outbox; and the Elasticsearch sink reads the former.
    for topic in (CHANGES, *EVENTS):
        yield Grant("connect", Resource.TOPIC, topic, WRITE)
    yield Grant("connect", Resource.TOPIC, CHANGES, READ)
    yield Grant("connect", Resource.TOPIC, CHANGES.dead_letters, WRITE)
    yield Grant("connect", Resource.GROUP, SINK_GROUP, READ)


def _registry() -> Iterator[Grant]:
    """A schema registry that keeps its schemas in Kafka, as Confluent's does in its image."""
    yield Grant("registry", Resource.GROUP, "schema-registry", READ)
    for operation in (READ, WRITE, CREATE, DESCRIBE_CONFIGS):
        yield Grant("registry", Resource.TOPIC, "_schemas", operation)
