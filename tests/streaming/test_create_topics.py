"""Topics made on a broker that has just started."""

from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType
from django.core.management import call_command

from streaming.inspecting.lag import end_offsets
from streaming.management.commands import create_topics
from streaming.topics import Topic, topic_configs, topics_in_use


def test_topics_that_exist_are_left_as_they_are(kafka: AdminClient, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_topics")
    assert capsys.readouterr().out == ""
    assert set(topics_in_use()) <= set(kafka.list_topics(timeout=10).topics)


def test_topics_made_otherwise_get_the_limits_that_must_fit_one_another(
    kafka: AdminClient, capsys: pytest.CaptureFixture[str]
) -> None:
    letters, events = Topic.TRANSACTIONS.dead_letters, Topic.TRANSACTIONS.value
    alter(kafka, letters, {"max.message.bytes": "1000", "retention.ms": "86400000"})
    alter(kafka, events, {"message.timestamp.type": "CreateTime", "max.message.bytes": "3000000"})
    call_command("create_topics")
    told = capsys.readouterr().out
    assert f"changed {letters}: max.message.bytes to 2097152" in told
    assert f"changed {events}: message.timestamp.type to LogAppendTime" in told
    assert config(kafka, letters)["max.message.bytes"] == "2097152"
    assert config(kafka, letters)["retention.ms"] == "86400000"
    assert config(kafka, events)["max.message.bytes"] == "3000000"
    for name, wanted in topic_configs([Topic.TRANSACTIONS]).items():
        alter(kafka, name, wanted)


def config(admin: AdminClient, topic: str) -> dict[str, str]:
    (told,) = admin.describe_configs([ConfigResource(ResourceType.TOPIC, topic)]).values()
    return {name: entry.value for name, entry in told.result().items()}


def alter(admin: AdminClient, topic: str, values: dict[str, str]) -> None:
    entries = [ConfigEntry(k, v, incremental_operation=AlterConfigOpType.SET) for k, v in values.items()]
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
    for done in admin.incremental_alter_configs([resource]).values():
        done.result()


def test_a_broker_that_knows_an_older_leader_is_asked_again(
    kafka: AdminClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What a broker said for a moment after a restart; it cannot be made to say so at will.
    refusals = [KafkaException(KafkaError(KafkaError.UNKNOWN_LEADER_EPOCH))]

    def answer(*arguments: Any) -> Any:
        if refusals:
            raise refusals.pop()
        return end_offsets(*arguments)

    monkeypatch.setattr(create_topics, "end_offsets", answer)
    call_command("create_topics")
    assert not refusals


def test_a_partition_that_never_answers_ends_the_wait_with_its_last_refusal(
    kafka: AdminClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> Any:
        raise KafkaException(KafkaError(KafkaError.LEADER_NOT_AVAILABLE))

    monkeypatch.setattr(create_topics, "end_offsets", refuse)
    with pytest.raises(KafkaException, match="LEADER_NOT_AVAILABLE"):
        create_topics.wait_for_leaders(kafka, timeout=0.2)
