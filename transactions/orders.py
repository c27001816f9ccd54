"""Orders of a request's body, read in one pass. Pure.

REST framework's serializers take a hundred microseconds for an order, most of them to find out that nothing is wrong.
Here an order is read that is plainly right; whatever else there is, also what is right in a way of its own, is left to
the serializer, which says what is wrong with it (docs/decisions/0049).
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from events import Status, Transaction
from events.ids import new_id
from events.money import Ledger
from events.plausibility import FUTURE_TOLERANCE, MAX_ORDER_ID_LENGTH, MAX_USER_ID, Bounds
from events.time import from_rfc_3339, whole_millis

# What needs no escaping in a URL, except . and .. which browsers take for folders.
ORDER_ID = rf"(?!\.{{1,2}}$)[A-Za-z0-9._~-]{{1,{MAX_ORDER_ID_LENGTH}}}"
PLAIN_AMOUNT = re.compile(r"([0-9]{1,12})(?:\.([0-9]+))?")
FIELDS = frozenset({"user_id", "amount", "order_id", "status", "timestamp"})
STATUSES = {status.value: status for status in Status}

is_order_id = re.compile(ORDER_ID).fullmatch


def plain_orders(data: Sequence[Any], now: datetime) -> list[Transaction]:
    """The orders that a list plainly holds, each order id once; none if one of them needs a closer look."""
    orders = [plain_order(each, now) for each in data]
    plain = [order for order in orders if order is not None]
    return plain if len(plain) == len(orders) == len({order.order_id for order in plain}) else []


def plain_order(data: Any, now: datetime) -> Transaction | None:
    """The order that a JSON object plainly is, or None if that needs a closer look.

    now: when it happened, if the order does not say (UTC, whole milliseconds).
    """
    if not isinstance(data, dict) or not data.keys() <= FIELDS:
        return None
    user_id, order_id = data.get("user_id"), data["order_id"] if "order_id" in data else new_id()
    amount, status = _amount(data.get("amount")), _status(data.get("status", Status.PENDING))
    timestamp = _moment(data["timestamp"], now) if "timestamp" in data else now
    if type(user_id) is not int or not 0 <= user_id <= MAX_USER_ID:
        return None
    if not isinstance(order_id, str) or not is_order_id(order_id):
        return None
    if amount is None or status is None or timestamp is None:
        return None
    return Transaction(order_id, user_id, amount, status, timestamp)


def _amount(raw: Any) -> float | None:
    """The double next to an amount that is written like 12, or with all decimals of the currency like "12.30"."""
    currency = Ledger.currency
    if type(raw) is int:
        return float(raw) if 0 <= raw <= currency.most else None
    plain = PLAIN_AMOUNT.fullmatch(raw) if isinstance(raw, str) else None
    if not plain or len(plain[2] or "") not in (0, currency.digits):
        return None
    amount = float(raw)
    return amount if amount <= currency.most else None


def _status(raw: Any) -> Status | None:
    return STATUSES.get(raw) if isinstance(raw, str) else None


def _moment(raw: Any, now: datetime) -> datetime | None:
    try:
        moment = whole_millis(from_rfc_3339(raw))
    except (TypeError, ValueError):
        return None
    return moment if Bounds.earliest <= moment <= now + FUTURE_TOLERANCE else None
