"""The body of a search as JSON Schema, for /schema.

No serializer reads the body (request.py does), so none can describe it.
"""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import OpenApiExample

from events import ChangedStatus
from events.money import Ledger, shown
from events.plausibility import MAX_ORDER_ID_LENGTH, MAX_USER_ID
from search.query import DEFAULT_SIZE, DEFAULT_SORT, SORTS, Facet, Kind
from search.request import MAX_HOURS
from search.request_values import MAX_CHOICES, MAX_SIZE

Schema = dict[str, Any]


def _some(item: Schema) -> Schema:
    return {"type": "array", "items": item, "minItems": 1, "maxItems": MAX_CHOICES}


def _one_or_many(item: Schema) -> Schema:
    return {"oneOf": [item, _some(item)]}


def _range(end: Schema, *names: str) -> Schema:
    ends = dict.fromkeys(names, end)
    return {"type": "object", "properties": ends, "additionalProperties": False, "minProperties": 1}


AMOUNT: Schema = {
    "oneOf": [
        {"type": "number", "minimum": -Ledger.currency.most, "maximum": Ledger.currency.most},
        {"type": "string", "pattern": f"^-?{Ledger.currency.written}$"},
    ],
    "description": f"of {Ledger.currency.decimals}",
}
MOMENT: Schema = {"type": "string", "format": "date-time"}

BODY: Schema = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "user_id": _one_or_many({"type": "integer", "minimum": 0, "maximum": MAX_USER_ID}),
        "amount": _range(AMOUNT, "gte", "lte"),
        "status": _one_or_many({"type": "string", "enum": list(ChangedStatus)}),
        "kind": _one_or_many({"type": "string", "enum": list(Kind)}),
        "order_id": _one_or_many({"type": "string", "minLength": 1, "maxLength": MAX_ORDER_ID_LENGTH}),
        "timestamp": _range(MOMENT, "gte", "lt"),
        "sort": {
            "type": "string",
            "enum": SORTS,
            "default": str(DEFAULT_SORT),
            "description": "`-` sorts descending. Equal values follow by order_id, the other way round.",
        },
        "size": {
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_SIZE,
            "default": DEFAULT_SIZE,
            "description": "transactions in an answer at the most",
        },
        "cursor": {
            "type": "string",
            "minLength": 1,
            "description": "`next_cursor` of the answer before, with the same filters and sort",
        },
        "limit": {"type": "integer", "minimum": 1, "maximum": MAX_SIZE, "description": "`size`, in the word of lists"},
        "amount_min": AMOUNT | {"description": "`amount.gte`, in the word of lists"},
        "amount_max": AMOUNT | {"description": "`amount.lte`, in the word of lists"},
        "from": MOMENT | {"description": "`timestamp.gte`, in the word of lists"},
        "to": MOMENT | {"description": "`timestamp.lt`, in the word of lists"},
        "facets": _some({"type": "string", "enum": list(Facet)})
        | {
            "description": "what to count over all that match; `hour` needs a timestamp with gte and lt at most "
            f"{MAX_HOURS:,} hours apart"
        },
    },
}

EXAMPLES = [
    OpenApiExample(
        "the large orders of two users",
        {"user_id": [42, 43], "amount": {"gte": "1000.00"}, "status": "SUCCESS", "sort": "-amount"},
        request_only=True,
    ),
    OpenApiExample(
        "a day, counted by hour and status",
        {
            "timestamp": {"gte": "2026-11-22T00:00:00Z", "lt": "2026-11-23T00:00:00Z"},
            "facets": ["hour", "status"],
            "size": 1,
        },
        request_only=True,
    ),
    OpenApiExample(
        "an answer",
        {
            "total": 2,
            "total_is_exact": True,
            "currency": Ledger.currency.code,
            "transactions": [
                {
                    "order_id": "A-1001",
                    "user_id": 42,
                    "amount": str(shown(Decimal(1299))),
                    "currency": Ledger.currency.code,
                    "status": "SUCCESS",
                    "timestamp": "2026-11-22T14:03:11.250000Z",
                    "kind": "ORDER",
                    "refund_of": None,
                }
            ],
            "next_cursor": "WyJmMGQ…",
            "facets": {
                "hour": [{"value": "2026-11-22T14:00:00Z", "count": 2}],
                "status": [{"value": "SUCCESS", "count": 2}],
            },
        },
        response_only=True,
        status_codes=["200"],
    ),
]
