from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import has_role
from accounts.roles import Role, roles_of
from api.endpoints import Endpoint
from api.fields import WholeNumber
from api.parameters import Parameters
from api.problems import Problem, ProblemType
from monitoring import live
from monitoring.health import Overall, Part, Status, overall
from monitoring.selectors import latest_snapshot
from monitoring.serializers import ObservationSerializer
from monitoring.snapshot import Trouble, what_is_known


class PartSerializer(serializers.Serializer[Part]):
    name = serializers.CharField(help_text="what it is, such as database, kafka, search or reconciliation")
    status = serializers.ChoiceField(choices=list(Status))
    needed = serializers.BooleanField(help_text="whether the API takes orders only with it")
    latency_ms = serializers.FloatField(
        help_text="how long it took to answer, in milliseconds; kafka: to answer run_monitor, which alone asks it"
    )
    why = serializers.CharField(
        help_text="what is wrong with it, or when it has its first turn; empty while it is up", allow_blank=True
    )


class HealthSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(
        choices=list(Overall),
        help_text="degraded: something is down or unknown that is not needed; down: something needed is",
    )
    parts = PartSerializer(many=True)


class AliveSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=[Status.UP.value])


class Public(Endpoint):
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
        return _health(live.health())


class Ready(Public):
    @extend_schema(
        summary="Whether orders are taken: the parts that this needs are up",
        responses={200: HealthSerializer, 503: OpenApiResponse(HealthSerializer, "One is down.")},
        tags=["monitoring"],
    )
    def get(self, request: Request) -> Response:
        return _health(live.readiness())


class Live(Public):
    @extend_schema(summary="Whether this process answers", responses=AliveSerializer, tags=["monitoring"])
    def get(self, request: Request) -> Response:
        return Response({"status": Status.UP})


def _health(parts: list[Part]) -> Response:
    whole = overall(parts)
    return Response(
        HealthSerializer({"status": whole, "parts": parts}).data, status=503 if whole is Overall.DOWN else 200
    )


class KafkaSerializer(ObservationSerializer):
    age_seconds = serializers.FloatField(help_text="how long ago that was")


class Kafka(Endpoint):
    permission_classes = (has_role(Role.OPERATOR),)

    @extend_schema(
        summary="The state of the Kafka cluster, its topics and consumer groups",
        description="As run_monitor saw it last, some seconds ago. A group's verdict comes from where it stood during "
        "the last half minute. 503 says why nothing is known: Kafka does not answer run_monitor, or that does not run.",
        responses={200: KafkaSerializer, 503: OpenApiResponse(description="Nothing is known.")},
        tags=["monitoring"],
    )
    def get(self, request: Request) -> Response:
        known = what_is_known(latest_snapshot(), datetime.now(UTC))
        if isinstance(known, Trouble):
            raise Problem(ProblemType.UNAVAILABLE, known.why)
        return Response(known)


class Since(Parameters):
    since = WholeNumber(
        required=False, min_value=0, max_value=10**13 - 1, default=0, help_text="milliseconds since 1970"
    )


class LiveState(Endpoint):
    """What the live page asks for again and again; its form is the page's own affair."""

    permission_classes = (has_role(*live.STAFF),)
    parameters = Since

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        since = datetime.fromtimestamp(self.asked["since"] / 1000, UTC)
        state = live.state(roles=roles_of(request.user), rates_since=since)
        return Response(state, headers={"Cache-Control": "no-store"})
