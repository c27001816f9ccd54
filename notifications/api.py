from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.endpoints import Listing, Rows
from api.fields import Choice, TrueOrFalse
from api.idempotency import idempotent
from api.parameters import Flag, Parameters
from api.problems import Problem, ProblemType
from api.serializers import StrictSerializer
from notifications import selectors, services
from notifications.messages import Kind
from notifications.models import Notification


class NotificationSerializer(serializers.ModelSerializer[Notification]):
    read = serializers.SerializerMethodField()

    class Meta:
        model = Notification
        fields: ClassVar[list[str]] = ["id", "kind", "order_id", "text", "created_at", "read", "read_at"]
        read_only_fields = fields

    def get_read(self, notification: Notification) -> bool:
        return notification.read_at is not None


class NotificationChange(StrictSerializer):
    read = TrueOrFalse()


class NotificationParameters(Parameters):
    kind = Choice(Kind, required=False)
    unread = Flag(source="read_at__isnull", help_text="true: not read yet; false: read")


class NotificationsOfAccount(Rows[Notification]):
    # Any account has notifications of its own; others' do not exist for it.
    serializer_class: type[serializers.BaseSerializer[Any]] = NotificationSerializer
    queryset = Notification.objects.none()

    def get_queryset(self) -> QuerySet[Notification]:
        return selectors.notifications_of(self.request.user)


class Notifications(NotificationsOfAccount, Listing[Notification]):
    parameters = NotificationParameters

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return selectors.narrowed(queryset, self.asked)

    @extend_schema(summary="List one's own notifications")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The newest first. A customer's are those of the shop's user whom the account belongs to."""
        return super().get(request, *args, **kwargs)


class OneNotification(NotificationsOfAccount):
    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        return NotificationChange if self.request.method == "PATCH" else NotificationSerializer

    @extend_schema(summary="Read a notification")
    def get(self, request: Request, pk: int) -> Response:
        """Getting it does not mark it as read."""
        return Response(NotificationSerializer(self._one(pk)).data)

    @extend_schema(
        summary="Mark a notification as read or unread", request=NotificationChange, responses=NotificationSerializer
    )
    @idempotent
    def patch(self, request: Request, pk: int) -> Response:
        """One marked as read before keeps the time of that."""
        change = self.get_serializer(data=request.data)
        change.is_valid(raise_exception=True)
        marked = services.mark(notification=self._one(pk), read=change.validated_data["read"])
        return Response(NotificationSerializer(marked).data)

    def _one(self, pk: int) -> Notification:
        notification = self.get_queryset().filter(pk=pk).first()
        if notification is None:
            raise Problem(ProblemType.NOT_FOUND, f"You have no notification {pk}.")
        return notification
