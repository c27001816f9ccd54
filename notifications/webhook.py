"""What Alertmanager calls. Its token is nobody's account, and opens these two addresses only."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.utils.crypto import constant_time_compare
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from api.endpoints import Endpoint
from api.fields import Choice, Moment, Text
from api.parsers import StrictJSONParser
from notifications import services
from notifications.alerts import Alert, State

WATCHDOG = "Watchdog"


class AlertmanagerToken(BaseAuthentication):
    """`Authorization: Bearer` and what ALERTMANAGER_TOKEN_FILE holds; without that file nobody gets in."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, str] | None:
        scheme, _, token = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        if not settings.ALERTMANAGER_TOKEN or not constant_time_compare(token, settings.ALERTMANAGER_TOKEN):
            raise AuthenticationFailed("This is not the token that ALERTMANAGER_TOKEN_FILE holds.")
        return AnonymousUser(), "alertmanager"

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class AlertmanagerTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # has no types
    target_class = AlertmanagerToken
    name = "alertmanager"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "Alertmanager's own token, which opens nothing else.",
        }


class IsAlertmanager(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.successful_authenticator, AlertmanagerToken)


class Labels(serializers.DictField):
    child = Text(allow_blank=True)


class PrometheusAlertSerializer(serializers.Serializer[Any]):
    # Not strict: later versions of Alertmanager may send more.
    fingerprint = serializers.RegexField("^[0-9a-f]{16}$")
    status = Choice(State)
    startsAt = Moment()  # noqa: N815 - Alertmanager's name of it
    labels = Labels()
    annotations = Labels(default=dict)


class DeliverySerializer(serializers.Serializer[Any]):
    version = serializers.ChoiceField(choices=["4"])
    alerts = PrometheusAlertSerializer(many=True, allow_empty=False)


class FromAlertmanager(Endpoint):
    authentication_classes = (AlertmanagerToken,)
    counted_as = None  # an alert that is refused is one that nobody hears
    parser_classes = (StrictJSONParser,)
    permission_classes = (IsAlertmanager,)

    def delivered(self, request: Request) -> list[Alert]:
        delivery = DeliverySerializer(data=request.data)
        delivery.is_valid(raise_exception=True)
        return [_alert(each) for each in delivery.validated_data["alerts"]]


class Alerts(FromAlertmanager):
    @extend_schema(
        summary="Notify operators of alerts", request=DeliverySerializer, responses={204: None}, tags=["notifications"]
    )
    def post(self, request: Request) -> Response:
        """A webhook of Alertmanager. The same state of an alert, delivered again, notifies nobody."""
        services.notify_of_alerts(alerts=self.delivered(request))
        return Response(status=204)


class HeartbeatOfAlerting(FromAlertmanager):
    @extend_schema(
        summary="Prove that alerts arrive", request=DeliverySerializer, responses={204: None}, tags=["notifications"]
    )
    def post(self, request: Request) -> Response:
        """A webhook of Alertmanager for the alert that always fires. Once it stays away, operators are notified."""
        if any(alert.name == WATCHDOG and alert.state is State.FIRING for alert in self.delivered(request)):
            services.note_heartbeat()
        return Response(status=204)


def _alert(delivered: Mapping[str, Any]) -> Alert:
    labels, annotations = delivered["labels"], delivered["annotations"]
    return Alert(
        fingerprint=delivered["fingerprint"],
        state=delivered["status"],
        since=delivered["startsAt"],
        name=labels.get("alertname", ""),
        severity=labels.get("severity", ""),
        summary=annotations.get("summary", ""),
        description=annotations.get("description", ""),
        runbook=annotations.get("runbook_url", ""),
    )
