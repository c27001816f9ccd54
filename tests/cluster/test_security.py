"""What no rule grants is refused: tried by every account on every topic and group."""

import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from native import readiness
from native.driving.running import RunningCluster
from native.security.acls import (
    CHANGES,
    CLUSTER_NAME,
    DEAD_LETTERS,
    Operation,
    Resource,
    allowed,
    principals,
)
from streaming.topology import EVENTS, WORKERS

pytestmark = pytest.mark.cluster


TOPICS = [*(topic.value for topic in (*EVENTS, CHANGES)), *DEAD_LETTERS, "connect-configs"]
GROUPS = [*(worker.group for worker in WORKERS if worker.group), "redrive", "connect-cluster", "somebody-else"]
REFUSED = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    # To who may not even describe a topic, it does not exist.
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_TOPIC,
}


@pytest.fixture(params=principals())
def principal(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_only_granted_topics_can_be_written(cluster: RunningCluster, principal: str) -> None:
    granted = {topic for topic in TOPICS if allowed(principal, Operation.WRITE, Resource.TOPIC, topic)}
    refused: set[str] = set()

    def report(error: KafkaError | None, message: Message) -> None:
        assert error is not None, f"{principal} wrote to {message.topic()}"
        assert error.code() in REFUSED, error
        refused.add(str(message.topic()))

    producer = Producer(cluster.login(principal) | {"delivery.timeout.ms": 20_000})
    forbidden = [topic for topic in TOPICS if topic not in granted]
    for topic in forbidden:
        producer.produce(topic, b"never to be seen", on_delivery=report)
    assert producer.flush(30) == 0
    assert refused == set(forbidden)


def test_only_granted_topics_can_be_read(cluster: RunningCluster, principal: str) -> None:
    granted = {topic for topic in TOPICS if allowed(principal, Operation.READ, Resource.TOPIC, topic)}
    assert {topic for topic in TOPICS if readable(cluster.login(principal), topic)} == granted


def readable(settings: dict[str, Any], topic: str) -> bool:
    """Whether the records of a topic are given out."""
    consumer = Consumer(
        settings | {"group.id": "somebody-else", "enable.auto.commit": False, "enable.partition.eof": True}
    )
    try:
        if (error := consumer.list_topics(topic, timeout=30).topics[topic].error) is not None:
            assert error.code() in REFUSED, error
            return False
        consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
        while True:
            message = consumer.poll(30)
            assert message is not None, f"{topic} does not answer"
            error = message.error()
            if error is None or error.code() == KafkaError._PARTITION_EOF:
                return True
            if error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
                return False
            # The group is nobody's, and who reads by himself needs none.
            assert error.code() == KafkaError.GROUP_AUTHORIZATION_FAILED, error
    finally:
        consumer.close()


def code_of(answer: Future[Any]) -> int | None:
    """The code of the error with which a request was refused; None if it was granted."""
    try:
        answer.result(timeout=30)
    except KafkaException as error:
        return int(error.args[0].code())
    return None


def test_only_granted_groups_can_be_seen(cluster: RunningCluster, principal: str) -> None:
    admin = AdminClient(cluster.login(principal))
    for group in GROUPS:
        granted = any(allowed(principal, each, Resource.GROUP, group) for each in (Operation.READ, Operation.DESCRIBE))
        # One at a time: librdkafka does not answer for several of which some are refused.
        (answer,) = admin.describe_consumer_groups([group], request_timeout=30).values()
        # Connect's group is seen, and said to be no consumers'.
        assert (code_of(answer) != KafkaError.GROUP_AUTHORIZATION_FAILED) == granted, group


def test_nobody_commits_for_the_group_of_another(cluster: RunningCluster, principal: str) -> None:
    admin = AdminClient(cluster.login(principal))
    for group in (each for each in GROUPS if not allowed(principal, Operation.READ, Resource.GROUP, each)):
        stolen = ConsumerGroupTopicPartitions(group, [TopicPartition("transactions", 0, 0)])
        (answer,) = admin.alter_consumer_group_offsets([stolen], request_timeout=30).values()
        # Who may see the group is refused partition by partition.
        code = code_of(answer) or answer.result().topic_partitions[0].error.code()
        assert code == KafkaError.GROUP_AUTHORIZATION_FAILED, group


def test_only_granted_configurations_can_be_seen(cluster: RunningCluster, principal: str) -> None:
    admin = AdminClient(cluster.login(principal))
    answers = admin.describe_configs([ConfigResource(ResourceType.TOPIC, topic) for topic in TOPICS])
    for resource, answer in answers.items():
        granted = allowed(principal, Operation.DESCRIBE_CONFIGS, Resource.TOPIC, resource.name)
        assert (code_of(answer) is None) == granted, f"{principal} and the configuration of {resource.name}"


def test_only_who_may_changes_topics_and_nobody_deletes_them(cluster: RunningCluster, principal: str) -> None:
    admin = AdminClient(cluster.login(principal))
    shorter = [
        ConfigResource(
            ResourceType.TOPIC,
            topic,
            incremental_configs=[ConfigEntry("retention.ms", "1", incremental_operation=AlterConfigOpType.SET)],
        )
        for topic in TOPICS
    ]
    # Asked, not done: the deployer may, and what the others find here should last.
    for resource, answer in admin.incremental_alter_configs(shorter, validate_only=True).items():
        granted = allowed(principal, Operation.ALTER_CONFIGS, Resource.TOPIC, resource.name)
        assert (code_of(answer) is None) == granted, f"{principal} and the configuration of {resource.name}"
    for answers in (
        admin.create_partitions([NewPartitions(topic, 9) for topic in TOPICS]),
        admin.delete_topics(TOPICS),
    ):
        assert {code_of(answer) for answer in answers.values()} <= REFUSED


def test_nobody_grants_anything_or_sees_the_grants(cluster: RunningCluster, principal: str) -> None:
    admin = AdminClient(cluster.login(principal))
    everything = (ResourceType.TOPIC, "transactions", ResourcePatternType.LITERAL, f"User:{principal}", "*")
    grant = AclBinding(*everything, AclOperation.ALL, AclPermissionType.ALLOW)
    (granted,) = admin.create_acls([grant]).values()
    assert code_of(granted) == KafkaError.CLUSTER_AUTHORIZATION_FAILED
    # None is any; the types leave it out.
    anything: tuple[Any, Any, Any, Any, Any] = (ResourceType.ANY, None, ResourcePatternType.ANY, None, None)
    anybodys = AclBindingFilter(*anything, AclOperation.ANY, AclPermissionType.ANY)
    # A refusal is an empty list to librdkafka.
    seen = admin.describe_acls(anybodys).result(timeout=30)
    assert bool(seen) == allowed(principal, Operation.DESCRIBE, Resource.CLUSTER, CLUSTER_NAME)


def test_only_granted_transactions_can_be_begun(cluster: RunningCluster, principal: str) -> None:
    # An id that only Connect's grant covers, and that no task of it uses.
    transactional_id = "connect-cluster-of-somebody-else"
    granted = allowed(principal, Operation.WRITE, Resource.TRANSACTIONAL_ID, transactional_id)
    producer = Producer(cluster.login(principal) | {"transactional.id": transactional_id})
    if granted:
        producer.init_transactions(30)
    else:
        with pytest.raises(KafkaException) as refused:
            producer.init_transactions(30)
        assert refused.value.args[0].code() == KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED


def test_nobody_makes_topics_of_other_names(cluster: RunningCluster, principal: str) -> None:
    admin = AdminClient(cluster.login(principal))
    created = admin.create_topics([NewTopic("of-somebody-else", 1, 1)])
    with pytest.raises(KafkaException) as refused:
        created["of-somebody-else"].result(timeout=30)
    assert refused.value.args[0].code() in REFUSED


def test_a_wrong_password_is_refused(cluster: RunningCluster) -> None:
    admin = AdminClient(cluster.login("recorder", "guessed") | {"socket.connection.setup.timeout.ms": 5000})
    with pytest.raises(KafkaException):
        admin.list_topics(timeout=5)


def plain_listeners(cluster: RunningCluster) -> Iterator[int]:
    """The brokers' ports on which somebody without TLS gets an answer."""
    for name, port in cluster.layout.ports.items():
        if name.startswith("kafka"):
            # A well-formed ApiVersions request; a listener with TLS hangs up on it.
            body = b"\x00\x12\x00\x00\x00\x00\x00\x01\x00\x01x"
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.sendall(len(body).to_bytes(4, "big") + body)
                try:
                    answer = connection.recv(64)
                except OSError:
                    answer = b""
            # An alert of TLS begins with 21.
            if answer and answer[0] != 21:
                yield port


def test_no_listener_speaks_without_tls(cluster: RunningCluster) -> None:
    assert list(plain_listeners(cluster)) == []


def test_brokers_show_certificates_of_our_authority(cluster: RunningCluster) -> None:
    context = ssl.create_default_context(cafile=str(cluster.layout.certificates / "ca.pem"))
    for node in (1, 2, 3):
        port = cluster.layout.ports[f"kafka {node}"]
        plain = socket.create_connection(("127.0.0.1", port), timeout=5)
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as secured:
            assert secured.version() in {"TLSv1.2", "TLSv1.3"}


def test_zookeeper_gives_nothing_to_strangers(cluster: RunningCluster) -> None:
    for node in (1, 2, 3):
        answer = readiness.exchange(cluster.layout.ports[f"zookeeper {node}"], b"dump")
        assert b"is not executed because it is not in the whitelist" in answer


def test_elasticsearch_gives_nothing_to_strangers(cluster: RunningCluster) -> None:
    url = cluster.layout.address("elasticsearch", "https") + "/transactions/_search"
    authority = str(cluster.layout.certificates / "ca.pem")
    assert readiness.fetch(url, authority=authority) is None
    assert readiness.fetch(url, login=("platform", "guessed"), authority=authority) is None
    assert readiness.fetch(cluster.layout.address("elasticsearch") + "/") is None
