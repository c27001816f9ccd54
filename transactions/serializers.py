"""What requests about transactions hold, and what they are answered."""

from collections import Counter
from datetime import datetime
from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.fields import Amount, Choice, CurrencyCode, Moment, Text, UserId
from api.serializers import StrictSerializer
from events import ChangedStatus, Status
from events.ids import new_id
from events.plausibility import FUTURE_TOLERANCE, MAX_ORDER_ID_LENGTH, Bounds
from events.time import whole_millis
from transactions import answers
from transactions.models import Transaction
from transactions.orders import ORDER_ID, is_order_id
from transactions.refund_rules import RefundStatus

MAX_AT_ONCE = 1000


class TransactionSerializer(serializers.ModelSerializer[Transaction]):
    amount = Amount(read_only=True, help_text="negative for a refund")
    currency = CurrencyCode()
    refunded_amount = Amount(
        read_only=True, help_text="of an order: what was given back or is on its way; refunds that failed do not count"
    )
    refund_status = serializers.ChoiceField(
        list(RefundStatus), allow_null=True, read_only=True, help_text="how much that is of an order; null: nothing"
    )

    class Meta:
        model = Transaction
        fields: ClassVar[tuple[str, ...]] = (*answers.FIELDS, "refund_status", "currency")
        read_only_fields = fields


class ChangedTransaction(TransactionSerializer):
    """A transaction after a change of its status; `refund` is the transaction that REFUNDED made, otherwise null."""

    refund = TransactionSerializer(allow_null=True, read_only=True)

    class Meta(TransactionSerializer.Meta):
        fields: ClassVar[tuple[str, ...]] = (*TransactionSerializer.Meta.fields, "refund")


class EachOrderIdOnce(serializers.ListSerializer[Any]):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **({"min_length": 1, "max_length": MAX_AT_ONCE} | kwargs))

    def validate(self, attrs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        times = Counter(order["order_id"] for order in attrs)
        twice: dict[Any, Any] = {
            index: {"order_id": [f"{order['order_id']} stands in this list {times[order['order_id']]} times."]}
            for index, order in enumerate(attrs)
            if times[order["order_id"]] > 1
        }
        if twice:
            raise serializers.ValidationError(twice)
        return attrs


@extend_schema_field({"type": "string", "pattern": f"^{ORDER_ID}$"})
class OrderId(Text):
    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or not is_order_id(data):
            raise serializers.ValidationError(
                f"Give a string of 1 to {MAX_ORDER_ID_LENGTH} of the characters A-Z a-z 0-9 . _ ~ -"
            )
        return data


class NewTransaction(StrictSerializer):
    user_id = UserId()
    amount = Amount(min_value=0, help_text="0 or more: refunds are made at …/refunds")
    order_id = OrderId(default=new_id, help_text="a new UUID if left out")
    status = Choice(Status, default=Status.PENDING)
    timestamp = Moment(default=lambda: whole_millis(timezone.now()), help_text="when it happened; now if left out")

    class Meta:
        list_serializer_class = EachOrderIdOnce

    def validate_timestamp(self, value: datetime) -> datetime:
        if value < Bounds.earliest:
            raise serializers.ValidationError(f"Give a moment from {Bounds.earliest.date()} on.")
        if value > timezone.now() + FUTURE_TOLERANCE:
            raise serializers.ValidationError("Give a moment that is not more than a day ahead.")
        return value


class NewStatus(StrictSerializer):
    status = Choice(ChangedStatus)
