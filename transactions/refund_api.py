"""The refunds of an order: made in parts, and listed."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import restricted_to
from accounts.roles import READS_EVERYBODYS
from api.conditions import TO_CHANGE, check_unchanged, etag_of, is_conditional
from api.endpoints import Listing
from api.fields import Amount, Choice, Text
from api.idempotency import idempotent
from api.problems import Problem, ProblemType
from api.serializers import StrictSerializer
from events.money import Ledger, shown_cents
from transactions import answers, lists, refunds, selectors
from transactions.api import TransactionsOfAccount, address, not_found
from transactions.locking import locked
from transactions.models import Transaction
from transactions.refund_rules import NewRefundStatus, Reason
from transactions.serializers import TransactionSerializer

A_PART = OpenApiExample("a part", {"amount": "4.99", "reason": "RETURNED", "note": "One of two."}, request_only=True)
THE_REST = OpenApiExample("what is left", {"reason": "CUSTOMER_REQUEST"}, request_only=True)


class RefundSerializer(TransactionSerializer):
    reason = serializers.ChoiceField(
        list(Reason), allow_null=True, read_only=True, help_text="null: made by the status REFUNDED"
    )
    note = serializers.CharField(read_only=True)

    class Meta(TransactionSerializer.Meta):
        fields: ClassVar[tuple[str, ...]] = (*TransactionSerializer.Meta.fields, "reason", "note")


class NewRefund(StrictSerializer):
    amount = Amount(
        required=False,
        min_value=shown_cents(Ledger.currency.step),
        help_text="positive; what is left of the order if left out",
    )
    reason = Choice(Reason, default=Reason.OTHER)
    note = Text(default="", allow_blank=True, max_length=500, help_text="why, in words; the customer does not see it")
    status = Choice(
        NewRefundStatus,
        default=NewRefundStatus.SUCCESS,
        help_text="PENDING: it is on its way; PUT …/status says later whether it has succeeded",
    )


class Refunds(TransactionsOfAccount, Listing[Transaction]):
    columns = answers.FIELDS

    @property
    def order(self) -> tuple[str, ...]:
        return lists.LATEST_FIRST_OF_SOME

    def get_queryset(self) -> QuerySet[Transaction]:
        order_id = self.kwargs["order_id"]
        self.own_user_id = restricted_to(self.request.user, unless=READS_EVERYBODYS)
        found = selectors.one(order_id)
        if found is None or self.own_user_id not in (None, found["user_id"]):
            raise not_found(order_id)
        return Transaction.objects.filter(refund_of=order_id)

    def as_answered(self, rows: Any) -> Any:
        reasons = selectors.reasons_of([row["order_id"] for row in rows])
        is_staff = self.own_user_id is None
        return [answers.of_refund(answers.of_columns(row), reasons.get(row["order_id"]), is_staff) for row in rows]

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        return NewRefund if self.request.method == "POST" else RefundSerializer

    @extend_schema(summary="List the refunds of an order", operation_id="transactions_refunds_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The latest first, also those that failed. A customer finds only their own orders, and sees no notes."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        summary="Refund an order, or a part of it",
        operation_id="transactions_refunds_create",
        parameters=[TO_CHANGE],
        responses={
            201: OpenApiResponse(RefundSerializer, "Refunded; `Location` is the refund's address."),
            409: OpenApiResponse(description="So much is not left, or the order is not paid."),
        },
        examples=[A_PART, THE_REST],
    )
    @idempotent
    def post(self, request: Request, order_id: str) -> Response:
        """Several up to the order's amount, each a transaction of its own with a negative amount.

        One that is PENDING counts as refunded until it FAILED. When refunds that succeeded come to the whole amount,
        the order becomes REFUNDED. Send an Idempotency-Key to be able to repeat a request.
        """
        wanted = self.get_serializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        if is_conditional(request) and (present := locked([order_id]).get(order_id)):
            check_unchanged(request, etag_of(answers.of_row(present)))
        try:
            done = refunds.refund_order(order_id=order_id, **wanted.validated_data)
        except Transaction.DoesNotExist as error:
            raise not_found(order_id) from error
        except refunds.NotRefundable as error:
            pointer = "#/amount" if "amount" in wanted.validated_data else "#"
            errors = [{"pointer": pointer, "detail": str(error)}]
            raise Problem(ProblemType.CONFLICT, str(error), errors=errors) from error
        refund = answers.of_refund(answers.of_row(done.refund), done.reason, is_staff=True)
        headers = {"Location": address(refund["order_id"]), "Link": f'<{address(order_id)}>; rel="related"'}
        return Response(refund, status=201, headers=headers)
