"""What a line of the audit log says of a request. Pure.

Numbers, ids and words of ours only: nothing that people have typed freely, so no name and no e-mail address gets in.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from events.plausibility import MAX_USER_ID

MOST_CHARACTERS = 500
CUT = "…"
"""ends what was too long, and stands for what is not kept"""
KEPT = frozenset(
    {"status", "kind", "amount", "amount_min", "amount_max", "timestamp", "from", "to", "limit", "size", "sort"}
    | {"facets", "format", "status__exact", "kind__exact", "amount_from", "amount_to", "progress", "investigator"}
    | {"o", "p"}
)
"""Parameters whose values are kept; of others only that they were there."""
PLAIN = re.compile(r'[A-Za-z0-9_.:+{}\[\]", -]*')
ORDER_ID = re.compile(r"[A-Za-z0-9._~-]{1,64}")
BY_USER, BY_ORDER = ("user_id",), ("order_id", "refund_of")
SEARCH_BOX = "q"
"""of the admin's lists: a user id or an order id; a number is taken for a user's, as those lists do"""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose data: a user of the shop, an order, or, without either, whoever is in a list."""

    user_id: int | None = None
    order_id: str = ""


def subjects(asked: Mapping[str, Any]) -> list[Subject]:
    """Those that a list or a search names, each once."""
    users = [Subject(user_id=number) for name in BY_USER for number in _numbers(_each(asked.get(name)))]
    orders = [Subject(order_id=word) for name in BY_ORDER for word in _words(_each(asked.get(name)))]
    if not users and not orders and (typed := str(asked.get(SEARCH_BOX, "")).strip()):
        number = next(_numbers([typed]), None)
        return [Subject(number, "" if number is not None else next(_words([typed]), ""))]
    return list(dict.fromkeys([*users, *orders]))


def narrowing(asked: Mapping[str, Any]) -> str:
    """What narrows a list besides its subjects, as JSON; empty if nothing does."""
    named = {*BY_USER, *BY_ORDER}
    told = {name: _kept(name, value) for name, value in sorted(asked.items()) if name not in named}
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"), default=str) if told else ""
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + CUT


def request_id(told: str) -> str:
    """The id of a request, which may be the caller's own, and then even an e-mail address."""
    return CUT if "@" in told else told


def roles_in_words(roles: Collection[str], *, is_superuser: bool) -> str:
    return "superuser" if is_superuser else ",".join(sorted(roles))


def _kept(name: str, value: Any) -> Any:
    return value if name in KEPT and PLAIN.fullmatch(json.dumps(value, default=str)) else CUT


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _numbers(values: Iterable[Any]) -> Iterator[int]:
    texts = (str(value) for value in values)
    return (int(text) for text in texts if re.fullmatch("[0-9]{1,20}", text) and int(text) <= MAX_USER_ID)


def _words(values: Iterable[Any]) -> Iterator[str]:
    return (str(value) for value in values if ORDER_ID.fullmatch(str(value)))
