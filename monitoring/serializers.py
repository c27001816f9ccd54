"""An observation in JSON: what run_monitor writes down, and `GET /monitoring/kafka` answers with."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from monitoring.observation import GroupStatus, Observation, TopicStatus
from monitoring.reasons import PartitionVerdict, Reason, Verdict
from monitoring.verdicts import WINDOW
from streaming.inspecting.lag import PartitionLag


class BrokerSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    host = serializers.CharField()
    port = serializers.IntegerField()


class PartitionIdSerializer(serializers.Serializer[Any]):
    topic = serializers.CharField()
    partition = serializers.IntegerField(source="number")


class PartitionSerializer(serializers.Serializer[Any]):
    partition = serializers.IntegerField(source="number")
    leader = serializers.IntegerField(allow_null=True, help_text="the broker that serves it; null: it is offline")
    replicas = serializers.IntegerField()
    in_sync = serializers.IntegerField()
    end_offset = serializers.IntegerField(source="end", allow_null=True, help_text="the next record's offset")
    stable_offset = serializers.IntegerField(
        source="stable", allow_null=True, help_text="from here on, an open transaction keeps records from readers"
    )
    open_transaction_since = serializers.DateTimeField(
        source="open_since", allow_null=True, help_text="when that transaction began; null: none is open"
    )


class TopicSerializer(serializers.Serializer[TopicStatus]):
    name = serializers.CharField()
    internal = serializers.BooleanField(source="is_internal")
    records = serializers.IntegerField(help_text="that are still kept; in a transactional topic, a few more")
    partitions = PartitionSerializer(many=True)


class DeadLettersSerializer(serializers.Serializer[Any]):
    topic = serializers.CharField()
    records = serializers.IntegerField(help_text="that are still kept")
    waiting = serializers.IntegerField(help_text="that have not been sent through again")
    messages = serializers.IntegerField(
        allow_null=True,
        help_text="how many messages these are: every group that cannot take one buries it; null: not counted yet",
    )


class MemberSerializer(serializers.Serializer[Any]):
    client_id = serializers.CharField()
    host = serializers.CharField()
    partitions = serializers.IntegerField(help_text="how many it has been given")


class PartitionLagSerializer(serializers.Serializer[Any]):
    topic = serializers.CharField()
    partition = serializers.IntegerField()
    committed = serializers.IntegerField(help_text="the offset that the group reads next")
    end_offset = serializers.IntegerField()
    lag = serializers.IntegerField(help_text="records not read yet")
    held = serializers.IntegerField(help_text="how many of them stand behind an open transaction: nobody is given them")
    lag_seconds = serializers.FloatField(
        allow_null=True, help_text="how long the oldest unread record has waited; null: could not be read in time"
    )
    verdict = serializers.ChoiceField(
        choices=list(PartitionVerdict),
        help_text="by Burrow's rules. WARN: its lag rose through the whole window. STALL: somebody has it and commits "
        "nothing while records wait. STOP: nobody reads it while records wait. REWIND: its offset went back. HELD: all "
        "that waits stands behind an open transaction. UNKNOWN: no broker says where the partition ends.",
    )


class GroupSerializer(serializers.Serializer[GroupStatus]):
    name = serializers.CharField(source="group.name")
    state = serializers.CharField(source="group.state")
    verdict = serializers.ChoiceField(choices=list(Verdict), source="judgement.verdict")
    reason = serializers.ChoiceField(choices=list(Reason), source="judgement.reason")
    detail = serializers.CharField(source="judgement.detail", help_text="the verdict in a sentence")
    lag = serializers.IntegerField(help_text="records not read yet, in all partitions")
    lag_seconds = serializers.FloatField(
        allow_null=True, help_text="how long the oldest unread record has waited; null: could not be read in time"
    )
    trend = serializers.FloatField(
        source="judgement.trend",
        allow_null=True,
        help_text="by how many records the lag grew each second of the window, or shrank; null: not known yet",
    )
    time_to_clear_seconds = serializers.FloatField(
        source="judgement.seconds_to_clear",
        allow_null=True,
        help_text="until nothing waits, if it goes on so; null: the lag does not shrink",
    )
    watched_seconds = serializers.FloatField(
        source="judgement.watched_seconds",
        help_text=f"over how long the verdict looks back; after less than {WINDOW.total_seconds():.0f}, only STOP and "
        "REWIND can be given",
    )
    members = MemberSerializer(many=True, source="group.members")
    partitions = serializers.SerializerMethodField()

    @extend_schema_field(PartitionLagSerializer(many=True))
    def get_partitions(self, status: GroupStatus) -> list[dict[str, Any]]:
        return [_partition_lag(each, status) for each in status.group.lags]


class ObservationSerializer(serializers.Serializer[Observation]):
    observed_at = serializers.DateTimeField(source="cluster.at", help_text="when run_monitor saw all this")
    cluster_id = serializers.CharField(source="cluster.id")
    controller = serializers.IntegerField(source="cluster.controller", allow_null=True)
    brokers = BrokerSerializer(many=True, source="cluster.brokers")
    silent_brokers = serializers.ListField(
        child=serializers.IntegerField(),
        source="cluster.silent",
        help_text="those that lead partitions and do not answer",
    )
    under_replicated_partitions = PartitionIdSerializer(many=True, source="under_replicated")
    offline_partitions = PartitionIdSerializer(many=True, source="offline")
    topics = TopicSerializer(many=True)
    groups = GroupSerializer(many=True)
    dead_letters = serializers.SerializerMethodField()

    @extend_schema_field(DeadLettersSerializer(many=True))
    def get_dead_letters(self, observed: Observation) -> list[dict[str, Any]]:
        return [
            {
                "topic": topic.name,
                "records": topic.records,
                "waiting": waiting,
                "messages": observed.buried.get(topic.name),
            }
            for topic, waiting in observed.dead_letters
        ]


def _partition_lag(each: PartitionLag, status: GroupStatus) -> dict[str, Any]:
    return {
        "topic": each.topic,
        "partition": each.partition,
        "committed": each.committed,
        "end_offset": each.end,
        "lag": each.lag,
        "held": each.held,
        "lag_seconds": status.age_of(each),
        "verdict": status.verdict_of((each.topic, each.partition)),
    }
