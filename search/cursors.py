"""Pages follow one another by a cursor: where the page before ended, and of which query. Pure.

A page starts after a transaction, not after a number of them: what is recorded meanwhile shifts nothing, and the last
page costs no more than the first.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from search import request_values
from search.query import After, Found, Query, SortField, Value, place_of
from search.request_values import Refused

READ_VALUE: Mapping[SortField, Callable[[Any], Value]] = {
    SortField.TIMESTAMP: request_values.moment,
    SortField.AMOUNT: request_values.amount,
    SortField.ORDER_ID: request_values.order_id,
}


def cursor_after(query: Query, last: Found) -> str:
    """The cursor for the page that follows the one that ends with `last`."""
    after = place_of(last, query.sort)
    text = after.value.isoformat() if isinstance(after.value, datetime) else str(after.value)
    inside = json.dumps([_fingerprint(query), text, after.order_id], ensure_ascii=False)
    return urlsafe_b64encode(inside.encode()).decode().rstrip("=")


def position(raw: Any, query: Query) -> After:
    """Where a cursor says that the page before ended; raises Refused for what is none, or one of another query."""
    try:
        padded = raw + "=" * (-len(raw) % 4)
        fingerprint, text, order_id = json.loads(urlsafe_b64decode(padded))
        after = After(READ_VALUE[query.sort.field](text), request_values.order_id(order_id))
    except (TypeError, ValueError, RecursionError) as error:
        raise Refused("Give the next_cursor of an answer as it is, or leave the field out.") from error
    if fingerprint != _fingerprint(query):
        raise Refused("This cursor belongs to another query: repeat its filters and its sort, or leave it out.")
    return after


def _fingerprint(query: Query) -> str:
    """What a cursor holds on to: filters and sort. Size and facets may differ from page to page."""
    return sha256(repr((query.filters, str(query.sort))).encode()).hexdigest()[:16]
