"""What kept answers repeat of what people wrote about a user."""

import json
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import QuerySet

from api.idempotency import FASTEST, unpacked
from api.models import IdempotencyKey
from api.renderers import encoded
from database.erasing import Erasure
from database.portions import portions_of_table

READ_AT_ONCE = 500
NOTE = "note"


def erasures(user_id: int) -> list[Erasure]:
    """Answers stay, or a request that is sent again would be done again: only notes go."""
    return [
        Erasure("notes in answers under idempotency keys", lambda: _noting(user_id), lambda row: _without(row, user_id))
    ]


def _noting(user_id: int) -> QuerySet[IdempotencyKey]:
    return IdempotencyKey.objects.filter(pk__in=list(_keys(user_id)))


def _keys(user_id: int) -> Iterator[int]:
    """Found by reading all, which are those of a day."""
    for rows in portions_of_table(IdempotencyKey.objects.all(), READ_AT_ONCE):
        yield from (each.pk for each in rows if _answer(each, user_id) is not None)


def _answer(row: IdempotencyKey, user_id: int) -> Any:
    """What was answered, if it has a note about this user; otherwise None."""
    body = unpacked(bytes(row.body))
    answer = json.loads(body) if b'"note"' in body else None
    return answer if answer != emptied(answer, user_id) else None


def _without(row: IdempotencyKey, user_id: int) -> Mapping[str, Any]:
    return {"body": zlib.compress(encoded(emptied(_answer(row, user_id), user_id)), FASTEST)}


def emptied(answer: Any, user_id: int, *, about: bool = False) -> Any:
    """An answer without the notes that stand in what is about this user."""
    if isinstance(answer, list):
        return [emptied(each, user_id, about=about) for each in answer]
    if not isinstance(answer, dict):
        return answer
    about = answer.get("user_id", user_id if about else None) == user_id
    return {
        name: "" if about and name == NOTE and value else emptied(value, user_id, about=about)
        for name, value in answer.items()
    }
