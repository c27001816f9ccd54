from collections.abc import Mapping
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import has_role, restricted_to
from accounts.roles import READS_EVERYBODYS, Role
from analytics.selectors import Hour, amounts, hours_of_user
from analytics.windows import Sums
from api import csv_lines
from api.endpoints import Endpoint
from api.examples import in_currency
from api.fields import Amount, Bound, CurrencyCode
from api.parameters import A_USER_ID, Parameters, read_user_id
from api.problems import BadParameters, Problem, ProblemType
from api.renderers import BrowsableRenderer, FastJSONRenderer
from events.money import Ledger

MAX_HOURS = 10_000
"""in one answer: more than a year in which every hour has transactions"""

SUMS = in_currency(
    {
        "total_amount": "12.00",
        "transaction_count": 3,
        "settled_amount": "20.00",
        "failed_amount": "0.00",
        "refunded_amount": "8.00",
    }
)
DAY = {
    "user_id": 42,
    "from": "2026-11-22T00:00:00Z",
    "to": "2026-11-23T00:00:00Z",
    "currency": Ledger.currency.code,
    "hours": [{"hour": "2026-11-22T14:00:00Z"} | SUMS],
    "sums": SUMS,
}


class Range(Parameters):
    vars()["from"] = Bound(required=False, help_text="hours that start at this moment or later; open if left out")
    to = Bound(required=False, help_text="hours that start before this moment; open if left out")


class SumsSerializer(serializers.Serializer[Any]):
    total_amount = Amount(help_text="every transaction, whatever its status; refunds count negative")
    transaction_count = serializers.IntegerField(help_text="orders and refunds")
    settled_amount = Amount(help_text="orders that became SUCCESS in this time")
    failed_amount = Amount(help_text="transactions that became FAILED in this time")
    refunded_amount = Amount(help_text="refunds that became SUCCESS in this time, positive")


class HourSerializer(SumsSerializer):
    hour = serializers.DateTimeField(help_text="its beginning, UTC")

    def get_fields(self) -> dict[str, Any]:
        by_name = super().get_fields()
        return {"hour": by_name.pop("hour")} | by_name


class HourlyTotals(serializers.Serializer[Any]):
    user_id = serializers.IntegerField()
    vars()["from"] = serializers.DateTimeField(allow_null=True)
    to = serializers.DateTimeField(allow_null=True)
    currency = CurrencyCode()
    hours = HourSerializer(many=True, help_text="ascending; an hour without transactions is left out")
    sums = SumsSerializer(help_text="of these hours")


class HoursAsCSV(BaseRenderer):
    """A line per hour."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"
    columns = ("user_id", "hour", *SumsSerializer().fields, "currency")

    def render(self, data: Any, media_type: str | None = None, context: Mapping[str, Any] | None = None) -> bytes:
        of_all = {name: data[name] for name in ("user_id", "currency")}
        return b"".join(csv_lines.lines([[of_all | hour for hour in data["hours"]]], self.columns))


class Hourly(Endpoint):
    parameters = Range
    csv_columns = HoursAsCSV.columns
    permission_classes = (has_role(*READS_EVERYBODYS, Role.CUSTOMER),)
    renderer_classes = (FastJSONRenderer, HoursAsCSV, BrowsableRenderer)

    @extend_schema(
        summary="Read what a user's transactions come to per hour",
        description=(
            "A customer gets their own. As CSV with `Accept: text/csv` or `format=csv`. Hours are UTC. "
            f"An answer has at most {MAX_HOURS:,} hours; if there are more, it is 400: ask for a shorter range."
        ),
        parameters=[
            OpenApiParameter("user_id", A_USER_ID, OpenApiParameter.PATH),
            OpenApiParameter("format", enum=["json", "csv"], description="instead of `Accept`"),
        ],
        responses={
            (200, "application/json"): OpenApiResponse(
                HourlyTotals, examples=[OpenApiExample("a day", DAY, response_only=True)]
            ),
            (200, "text/csv"): OpenApiTypes.STR,
        },
    )
    def get(self, request: Request, user_id: str) -> Response:
        number = read_user_id(user_id)
        own = restricted_to(request.user, unless=READS_EVERYBODYS)
        if own not in (None, number):
            raise Problem(ProblemType.FORBIDDEN, f"A customer may read only their own totals, those of user {own}.")
        begin, end = self.asked.get("from"), self.asked.get("to")
        hours = hours_of_user(user_id=number, begin=begin, end=end, limit=MAX_HOURS + 1)
        if len(hours) > MAX_HOURS:
            raise BadParameters({"from": [f"More than {MAX_HOURS:,} hours lie in this range: give a shorter one."]})
        totals = {"user_id": number, "from": begin, "to": end, "currency": Ledger.currency.code, **_as_amounts(hours)}
        headers = _csv_headers(number) if isinstance(request.accepted_renderer, HoursAsCSV) else None
        return Response(totals, headers=headers)


def _as_amounts(hours: list[Hour]) -> dict[str, Any]:
    return {
        "hours": [{"hour": hour} | amounts(sums) for hour, sums in hours],
        "sums": amounts(sum((sums for _, sums in hours), Sums())),
    }


def _csv_headers(user_id: int) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="hourly-totals-user-{user_id}.csv"'}
