from collections.abc import Sequence
from functools import cache
from typing import Any
from urllib.parse import quote

from django.db import IntegrityError
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
)
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

import events
from accounts.permissions import has_role, restricted_to
from accounts.roles import READS_EVERYBODYS, Role
from api.conditions import ETAG, TO_CHANGE, TO_READ, answered, check_unchanged, etag_of, is_conditional
from api.endpoints import Listing, Rows
from api.exports import BUSY
from api.fields import Amount, Bound, Choice, UserId
from api.idempotency import idempotent
from api.parameters import Parameters, Word
from api.problems import Problem, ProblemType
from events import ChangedStatus
from events.time import whole_millis
from transactions import answers, lists, selectors, services
from transactions.locking import locked
from transactions.models import Kind, Transaction
from transactions.orders import plain_orders
from transactions.serializers import (
    MAX_AT_ONCE,
    ChangedTransaction,
    NewStatus,
    NewTransaction,
    TransactionSerializer,
)

AN_ORDER = OpenApiExample("an order", {"user_id": 42, "amount": "19.99", "order_id": "A-1001"}, request_only=True)
A_LIST = OpenApiExample(
    "a list, recorded as a whole or not at all",
    [{"user_id": 42, "amount": 19.99}, {"user_id": 7, "amount": "5.00", "status": "SUCCESS"}],
    request_only=True,
)

UNQUOTED = "/~:@!$&'()*+,;="
"""in a path, by RFC 3986"""


class TransactionParameters(Parameters):
    user_id = UserId(required=False)
    status = Choice(ChangedStatus, required=False)
    kind = Choice(Kind, required=False)
    refund_of = Word(help_text="the refunds of this order")
    amount_min = Amount(required=False, source="amount__gte", help_text="at least this amount")
    amount_max = Amount(required=False, source="amount__lte", help_text="at most this amount")
    vars()["from"] = Bound(required=False, source="timestamp__gte", help_text="happened at this moment or later")
    to = Bound(required=False, source="timestamp__lt", help_text="happened before this moment")


class TransactionsOfAccount(Rows[Transaction]):
    permission_classes = (has_role(Role.SHOP, or_to_read=READS_EVERYBODYS | {Role.CUSTOMER}),)
    serializer_class: type[serializers.BaseSerializer[Any]] = TransactionSerializer
    queryset = Transaction.objects.none()
    own_user_id: int | None = None
    """of a customer, who sees no others'"""

    def get_queryset(self) -> QuerySet[Transaction]:
        self.own_user_id = restricted_to(self.request.user, unless=READS_EVERYBODYS)
        return selectors.transactions_of(self.own_user_id)


class Transactions(TransactionsOfAccount, Listing[Transaction]):
    parameters = TransactionParameters
    columns = answers.FIELDS
    csv_columns = TransactionSerializer.Meta.fields

    @property
    def order(self) -> tuple[str, ...]:
        return lists.order_of(self.asked, of_a_user=self.own_user_id is not None)

    @property
    def index(self) -> str:
        return lists.index_of(self.asked, of_a_user=self.own_user_id is not None)

    @property
    def lookups(self) -> dict[str, Any]:
        return lists.with_what_follows(self.asked, of_a_user=self.own_user_id is not None)

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return lists.narrowed(queryset, self.narrowing, of_a_user=self.own_user_id is not None)

    def as_answered(self, rows: Any) -> Any:
        return list(map(answers.of_columns, rows))

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        return NewTransaction if self.request.method == "POST" else TransactionSerializer

    @extend_schema(
        summary="List transactions",
        responses={
            (200, "application/json"): TransactionSerializer(many=True),
            (200, "text/csv"): OpenApiTypes.STR,
            503: BUSY,
        },
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The latest first, by when they happened in the shop; with `amount_min` or `amount_max` and neither a user nor
        a time, the largest first. A customer gets their own. Narrow by user or time what takes too long to find (400).
        With `Accept: text/csv` all of them as CSV, on any number of pages; `limit` ends it.
        """
        return super().get(request, *args, **kwargs)

    @extend_schema(
        summary="Record an order, or a list of up to 1,000",
        request=PolymorphicProxySerializer(
            "OneOrManyNewTransactions",
            [NewTransaction, NewTransaction(many=True)],
            resource_type_field_name=None,
            many=False,
        ),
        responses={
            201: OpenApiResponse(
                PolymorphicProxySerializer(
                    "OneOrManyTransactions",
                    [TransactionSerializer, TransactionSerializer(many=True)],
                    resource_type_field_name=None,
                    many=False,
                ),
                "Recorded, all of them; `Location` is the address of a single one.",
            ),
            409: OpenApiResponse(description="Some are recorded already; nothing of this request was."),
        },
        examples=[AN_ORDER, A_LIST],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """All of a list are recorded, or none."""
        is_list = isinstance(request.data, list)
        orders = _new_orders(request.data, many=is_list)
        try:
            recorded_at = services.create_transactions(orders=orders)
        except services.AlreadyExists as error:
            raise _already_exists(error, orders, is_list) from error
        except IntegrityError as error:
            raise Problem(
                ProblemType.ALREADY_EXISTS,
                "Another request recorded some of these orders at the same moment, and nothing of this one was "
                "recorded. Send it again to learn which.",
            ) from error
        recorded = [answers.of_new(order, recorded_at) for order in orders]
        if is_list:
            return Response(recorded, status=201)
        return Response(recorded[0], status=201, headers={"Location": address(orders[0].order_id)})


class OneTransaction(TransactionsOfAccount):
    @extend_schema(
        summary="Read a transaction",
        parameters=[TO_READ, ETAG],
        responses={200: TransactionSerializer, 304: OpenApiResponse(description="What you have still holds.")},
    )
    def get(self, request: Request, order_id: str) -> Response:
        """A customer finds only their own."""
        own, row = restricted_to(request.user, unless=READS_EVERYBODYS), selectors.one(order_id)
        if row is None or own not in (None, row["user_id"]):
            raise not_found(order_id)
        return answered(request, row, etag_of(row))


class TransactionStatus(TransactionsOfAccount):
    serializer_class = NewStatus
    permission_classes = (has_role(Role.SHOP),)

    @extend_schema(
        summary="Move a transaction on",
        parameters=[TO_CHANGE, ETAG],
        responses={200: ChangedTransaction, 409: OpenApiResponse(description="That cannot follow the present status.")},
    )
    @idempotent
    def put(self, request: Request, order_id: str) -> Response:
        """PENDING becomes SUCCESS or FAILED, SUCCESS becomes REFUNDED. A refund that FAILED gives its amount back.

        Anything else is 409, also the status that it has already: send an Idempotency-Key to be able to repeat a
        request. REFUNDED refunds what is left, by a transaction of its own with the negative amount: `refund`, whose
        address stands in the header `Link`.
        """
        wanted = self.get_serializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        if is_conditional(request):
            if (present := locked([order_id]).get(order_id)) is None:
                raise not_found(order_id)
            check_unchanged(request, etag_of(answers.of_row(present)))
        try:
            change = services.change_status(order_id=order_id, status=wanted.validated_data["status"])
        except Transaction.DoesNotExist as error:
            raise not_found(order_id) from error
        except services.NotAllowed as error:
            sentence = str(error)
            raise Problem(
                ProblemType.CONFLICT, sentence, errors=[{"pointer": "#/status", "detail": sentence}]
            ) from error
        refund = answers.of_row(change.refund) if change.refund else None
        link = {"Link": f'<{address(refund["order_id"])}>; rel="related"'} if refund else {}
        row = answers.of_row(change.transaction)
        return Response(row | {"refund": refund}, headers=link | {"ETag": etag_of(row)})


def _new_orders(data: Any, *, many: bool) -> list[events.Transaction]:
    """The orders of a request's body; raises ValidationError."""
    if many and len(data) > MAX_AT_ONCE:  # before each of them is looked at
        raise serializers.ValidationError([f"Send at most {MAX_AT_ONCE:,} in one list; this one has {len(data):,}."])
    return plain_orders(data if many else [data], whole_millis(timezone.now())) or _looked_at(data, many=many)


def _looked_at(data: Any, *, many: bool) -> list[events.Transaction]:
    """What was not plainly right, or what is wrong with it."""
    received = NewTransaction(data=data, many=many, allow_empty=False) if many else NewTransaction(data=data)
    received.is_valid(raise_exception=True)
    orders = received.validated_data if many else [received.validated_data]
    return [events.Transaction(**(order | {"amount": float(order["amount"])})) for order in orders]


def _already_exists(error: services.AlreadyExists, orders: Sequence[events.Transaction], is_list: bool) -> Problem:
    known = set(error.order_ids)
    errors = [
        {
            "pointer": f"#/{index}/order_id" if is_list else "#/order_id",
            "detail": f"{order.order_id} is recorded already.",
        }
        for index, order in enumerate(orders)
        if order.order_id in known
    ]
    return Problem(ProblemType.ALREADY_EXISTS, f"{error}. Nothing of this request was recorded.", errors=errors)


def not_found(order_id: str) -> Problem:
    return Problem(ProblemType.NOT_FOUND, f"There is no transaction with the order id {order_id}.")


def address(order_id: str) -> str:
    """As reverse() has it, in a tenth of its time."""
    return _addresses() + quote(order_id, safe=UNQUOTED)


@cache
def _addresses() -> str:
    """What the address of every transaction begins with."""
    return reverse("transaction", kwargs={"order_id": "-"})[:-1]
