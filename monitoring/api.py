from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.permissions import has_role
from api.problems import Problem, ProblemType
from api.roles import Role, roles_of
from monitoring import live, watch
from monitoring.health import Overall, Part, Status, overall
from monitoring.observation import GroupStatus, Observation, Outage, TopicStatus
from monitoring.verdicts import WINDOW, PartitionVerdict, Reason, Verdict
from streaming.lag import PartitionLag


class PartSerializer(serializers.Serializer[Part]):
    name = serializers.CharField(help_text="what it is: database, kafka, search or celery broker")
    status = serializers.ChoiceField(choices=list(Status))
    needed = serializers.BooleanField(help_text="whether the platform does its work only with it")
    latency_ms = serializers.FloatField(help_text="how long it took to answer, in milliseconds")
    why = serializers.CharField(help_text="what is wrong with it; empty while it is up", allow_blank=True)


class HealthSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(
        choices=list(Overall), help_text="degraded: something is down that is not needed; down: something needed is"
    )
    parts = PartSerializer(many=True)


class AliveSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=[Status.UP.value])


class Public(APIView):
    """For load balancers and monitors, which bring no account."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class Health(Public):
    @extend_schema(
        summary="How every part that the platform depends on does",
        responses={200: HealthSerializer, 503: OpenApiResponse(HealthSerializer, "A needed part is down.")},
        tags=["monitoring"],
    )
    def get(self, request: Request) -> Response:
        return _health(live.health.get())


class Ready(Public):
    @extend_schema(
        summary="Whether the parts that are needed are up",
        responses={200: HealthSerializer, 503: OpenApiResponse(HealthSerializer, "One is down.")},
        tags=["monitoring"],
    )
    def get(self, request: Request) -> Response:
        return _health([part for part in live.health.get() if part.needed])


class Live(Public):
    @extend_schema(summary="Whether this process answers", responses=AliveSerializer, tags=["monitoring"])
    def get(self, request: Request) -> Response:
        return Response({"status": Status.UP})


def _health(parts: list[Part]) -> Response:
    whole = overall(parts)
    return Response(
        HealthSerializer({"status": whole, "parts": parts}).data, status=503 if whole is Overall.DOWN else 200
    )


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


class TopicSerializer(serializers.Serializer[TopicStatus]):
    name = serializers.CharField()
    internal = serializers.BooleanField(source="is_internal")
    records = serializers.IntegerField(help_text="that are still kept; in a transactional topic, a few more")
    partitions = PartitionSerializer(many=True)


class DeadLettersSerializer(serializers.Serializer[Any]):
    topic = serializers.CharField()
    records = serializers.IntegerField(help_text="that are still kept")
    waiting = serializers.IntegerField(help_text="that have not been sent through again")


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
    lag_seconds = serializers.FloatField(
        allow_null=True, help_text="how long the oldest unread record has waited; null: could not be read in time"
    )
    verdict = serializers.ChoiceField(
        choices=list(PartitionVerdict),
        help_text="by Burrow's rules. WARN: its lag rose through the whole window. STALL: somebody has it and commits "
        "nothing while records wait. STOP: nobody reads it while records wait. REWIND: its offset went back.",
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
        "REWIND can be told",
    )
    members = MemberSerializer(many=True, source="group.members")
    partitions = serializers.SerializerMethodField()

    @extend_schema_field(PartitionLagSerializer(many=True))
    def get_partitions(self, status: GroupStatus) -> list[dict[str, Any]]:
        return [_partition_lag(each, status) for each in status.group.lags]


class KafkaSerializer(serializers.Serializer[Observation]):
    at = serializers.DateTimeField(source="cluster.at")
    cluster_id = serializers.CharField(source="cluster.id")
    controller = serializers.IntegerField(source="cluster.controller", allow_null=True)
    brokers = BrokerSerializer(many=True, source="cluster.brokers")
    under_replicated_partitions = PartitionIdSerializer(many=True, source="under_replicated")
    offline_partitions = PartitionIdSerializer(many=True, source="offline")
    topics = TopicSerializer(many=True)
    groups = GroupSerializer(many=True)
    dead_letters = serializers.SerializerMethodField()

    @extend_schema_field(DeadLettersSerializer(many=True))
    def get_dead_letters(self, observed: Observation) -> list[dict[str, Any]]:
        return [
            {"topic": topic.name, "records": topic.records, "waiting": waiting}
            for topic, waiting in observed.dead_letters
        ]


def _partition_lag(each: PartitionLag, status: GroupStatus) -> dict[str, Any]:
    return {
        "topic": each.topic,
        "partition": each.partition,
        "committed": each.committed,
        "end_offset": each.end,
        "lag": each.lag,
        "lag_seconds": status.age_of(each),
        "verdict": status.verdict_of((each.topic, each.partition)),
    }


class Kafka(APIView):
    permission_classes = (has_role(Role.OPERATOR),)

    @extend_schema(
        summary="The state of the Kafka cluster, its topics and consumer groups",
        description="Kept for a second. A group's verdict comes from where it stood during the last half minute.",
        responses=KafkaSerializer,
        tags=["monitoring"],
    )
    def get(self, request: Request) -> Response:
        observed = watch.latest.get()
        if isinstance(observed, Outage):
            raise Problem(ProblemType.UNAVAILABLE, observed.why)
        return Response(KafkaSerializer(observed).data)


class LiveState(APIView):
    """What the live page asks for again and again; its form is the page's own affair."""

    permission_classes = (has_role(*live.STAFF),)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        return Response(
            live.state(roles=roles_of(request.user), rates_since=_since(request.query_params.get("since", "0"))),
            headers={"Cache-Control": "no-store"},
        )


def _since(milliseconds: str) -> datetime:
    if not milliseconds.isascii() or not milliseconds.isdigit() or len(milliseconds) > 13:
        raise Problem(
            ProblemType.VALIDATION,
            "since: Give a whole number of milliseconds since 1970.",
            errors=[{"parameter": "since", "detail": "Give a whole number of milliseconds since 1970."}],
        )
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
