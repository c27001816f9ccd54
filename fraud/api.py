from typing import Any, ClassVar, cast

from django.contrib.auth.models import User
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiResponse,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import serializers
from rest_framework.generics import RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import has_role
from accounts.roles import Role
from api.conditions import ETAG, TO_CHANGE, TO_READ, answered, check_unchanged, is_conditional
from api.endpoints import Endpoint, Listing
from api.exports import BUSY
from api.fields import Amount, Bound, Choice, CurrencyCode, Text, UserId
from api.idempotency import idempotent
from api.parameters import Parameters, Word
from api.problems import Problem, ProblemType
from api.serializers import StrictSerializer
from events import AlertStatus
from fraud import selectors, services
from fraud.models import AlertEntry, FraudAlert

ME, NOBODY = "me", "nobody"

TAKE = OpenApiExample("take it", {"status": "INVESTIGATING", "assignee": "me"}, request_only=True)
CONFIRM = OpenApiExample("confirm it", {"status": "CONFIRMED", "note": "The card was stolen."}, request_only=True)
HAND_BACK = OpenApiExample("hand it back", {"assignee": None}, request_only=True)


class AlertSerializer(serializers.ModelSerializer[FraudAlert]):
    amount = Amount(read_only=True)
    currency = CurrencyCode()
    assignee = serializers.CharField(source="assignee.username", allow_null=True, default=None, read_only=True)
    version = serializers.CharField(read_only=True, help_text="differs after every change")

    class Meta:
        model = FraudAlert
        fields: ClassVar[list[str]] = [
            "id",
            "order_id",
            "user_id",
            "amount",
            "currency",
            "timestamp",
            "rule",
            "status",
            "assignee",
            "raised_at",
            "updated_at",
            "version",
        ]
        read_only_fields = fields


class EntrySerializer(serializers.ModelSerializer[AlertEntry]):
    by = serializers.CharField(
        source="by.username", allow_null=True, default=None, read_only=True, help_text="null: the platform itself"
    )
    assignee = serializers.CharField(source="assignee.username", allow_null=True, default=None, read_only=True)
    previous_status = serializers.CharField(read_only=True, help_text="empty in the line that raised the alert")

    class Meta:
        model = AlertEntry
        fields: ClassVar[list[str]] = ["at", "by", "previous_status", "status", "assignee", "note"]
        read_only_fields = fields


class AlertWithHistory(AlertSerializer):
    history = serializers.SerializerMethodField(help_text="every change, the oldest first")

    class Meta(AlertSerializer.Meta):
        fields: ClassVar[list[str]] = [*AlertSerializer.Meta.fields, "history"]

    @extend_schema_field(EntrySerializer(many=True))
    def get_history(self, alert: FraudAlert) -> Any:
        return EntrySerializer(selectors.history(alert), many=True).data


class AlertChange(StrictSerializer):
    status = Choice(AlertStatus, required=False)
    assignee = Text(
        required=False,
        allow_null=True,
        help_text="an investigator's username, `me` or null; left out, an alert that nobody has goes to who moves it",
    )
    note = Text(
        required=False,
        allow_blank=True,
        max_length=10_000,
        help_text="needed to confirm, to dismiss, to reopen, and to take from another investigator",
    )
    version = Text(
        required=False, help_text="the version you decided on; 409 if the alert has changed since, whoever changed it"
    )

    def validate_assignee(self, name: str | None) -> User | None:
        if name is None:
            return None
        if name == ME:
            return cast(User, self.context["by"])
        account = selectors.investigators().filter(username=name).first()
        if account is None:
            raise serializers.ValidationError("No investigator has this name: give a username, `me` or null.")
        return account

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.keys() - {"version"}:
            raise serializers.ValidationError("Give at least one of status, assignee and note.")
        return attrs


class AlertParameters(Parameters):
    status = Choice(AlertStatus, required=False)
    assignee = Word(help_text="a username, `me`, or `nobody`")
    user_id = UserId(required=False)
    rule = Word(help_text="raised by this rule")
    amount_min = Amount(required=False, source="amount__gte", help_text="at least this amount")
    amount_max = Amount(required=False, source="amount__lte", help_text="at most this amount")
    vars()["from"] = Bound(required=False, source="raised_at__gte", help_text="raised at this moment or later")
    to = Bound(required=False, source="raised_at__lt", help_text="raised before this moment")

    def validate_assignee(self, name: str) -> User | None:
        if name == NOBODY:
            return None
        if name == ME:
            return cast(User, self.context["request"].user)
        account = User.objects.filter(username=name).first()
        if account is None:
            raise serializers.ValidationError("There is no such account: give a username, `me` or `nobody`.")
        return account


@extend_schema_view(
    get=extend_schema(
        summary="List fraud alerts, the last raised first",
        description=(
            "With `amount_min` or `amount_max` and nothing else the largest first. With `Accept: text/csv` all of them "
            "as CSV, on any number of pages; `limit` ends it."
        ),
        responses={
            (200, "application/json"): AlertSerializer(many=True),
            (200, "text/csv"): OpenApiTypes.STR,
            503: BUSY,
        },
    )
)
class Alerts(Listing[FraudAlert]):
    csv_columns = tuple(AlertSerializer.Meta.fields)
    permission_classes = (has_role(Role.INVESTIGATOR),)
    serializer_class = AlertSerializer
    parameters = AlertParameters
    queryset = FraudAlert.objects.select_related("assignee")

    @property
    def order(self) -> tuple[str, ...]:
        return selectors.order_of(self.asked)

    @property
    def index(self) -> str:
        return selectors.index_of(self.asked)

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return selectors.narrowed(queryset, self.narrowing)


@extend_schema_view(
    get=extend_schema(
        summary="One fraud alert with its whole history",
        parameters=[TO_READ, ETAG],
        responses={200: AlertWithHistory, 304: OpenApiResponse(description="What you have still holds.")},
    )
)
class Alert(Endpoint, RetrieveAPIView[FraudAlert]):
    permission_classes = (has_role(Role.INVESTIGATOR),)
    serializer_class = AlertWithHistory
    queryset = FraudAlert.objects.select_related("assignee")

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        alert = self.get_object()
        return answered(request, self.get_serializer(alert).data, _etag(alert))

    @extend_schema(
        summary="Take, confirm, dismiss, reopen or hand over an alert, or add a note",
        description=(
            "OPEN becomes INVESTIGATING, CONFIRMED or DISMISSED; INVESTIGATING becomes CONFIRMED or DISMISSED; what is "
            "closed becomes INVESTIGATING again. To close and to reopen needs a note. An alert that another "
            "investigator has is moved only by taking it over: `assignee` and a note. Of all who take an alert at "
            "once one gets it; the others get 409. Every change is kept in the alert's history."
        ),
        parameters=[TO_CHANGE, ETAG],
        request=AlertChange,
        responses={200: AlertWithHistory, 409: OpenApiResponse(description="The alert's state does not allow this.")},
        examples=[TAKE, CONFIRM, HAND_BACK],
    )
    @idempotent
    def patch(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        alert = self.get_object()
        by = cast(User, request.user)
        asked = AlertChange(data=request.data, context={"by": by})
        asked.is_valid(raise_exception=True)
        change = dict(asked.validated_data)
        if is_conditional(request):
            check_unchanged(request, _etag(selectors.locked(alert)))
        try:
            changed = services.change_alert(alert=alert, by=by, seen=change.pop("version", None), **change)
        except services.NotAllowed as refusal:
            raise Problem(ProblemType.CONFLICT, str(refusal)) from refusal
        return Response(self.get_serializer(changed).data, headers={"ETag": _etag(changed)})


def _etag(alert: FraudAlert) -> str:
    return f'"{alert.version}"'
