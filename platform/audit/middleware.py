"""The innermost middleware: what the shop's own people read of others is noted before anything of it is sent."""

from collections.abc import Callable
from threading import Lock
from typing import Any

from cachetools import TTLCache
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from structlog.contextvars import get_contextvars

from accounts.roles import Role, roles_of
from audit import adding, answers, lines
from audit.routes import ADMIN, Read, read_of
from database.values import stored

NOT_MODIFIED = 304
MACHINES = frozenset({Role.SHOP, Role.CUSTOMER})
"""Roles of which no other is the shop's own people's: what such an account reads is noted a moment later."""
REPEATED_SECONDS = 600
"""So long a screen that asks again and again has one line, in each process."""

_watching: TTLCache[tuple[int, str], bool] = TTLCache(10_000, REPEATED_SECONDS)
_lock = Lock()


class AuditLog:
    """Notes an answer in one INSERT. What cannot be noted is not answered: the error rises, and becomes 503 or 500.

    What the shop's machines read is noted together, half a second later at the most.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self._get_response(request)
        try:
            note(request, answer)
        except BaseException:
            answer.close()  # a long one holds what the next one needs
            raise
        return answer


def note(request: HttpRequest, answer: HttpResponseBase) -> None:
    """Add a line for each user or order that was asked for, or one, where somebody reads data of others."""
    match = request.resolver_match
    read = read_of(match.view_name, str(request.method)) if match else None
    if match is None or read is None or not _is_shown(answer):
        return
    account: Any = request.user
    roles = roles_of(account)
    is_page = match.view_name.startswith(ADMIN)
    if not _is_noted(read, roles, is_page=is_page):
        return
    key = (account.pk, match.view_name)
    if read.repeated and _is_watching(key):
        return
    told = get_contextvars()
    who = (stored(timezone.now()), account.pk, lines.roles_in_words(roles, is_superuser=account.is_superuser))
    how = (told.get("ip") or "", lines.request_id(told["request_id"]), match.view_name, str(request.method))
    object_id, asked = answers.object_of(request), lines.narrowing(answers.asked_of(request))
    what = (answers.format_of(answer), answer.status_code)
    rows = [
        (*who, *how, *what, subject.user_id, subject.order_id, object_id, asked, answers.rows_of(answer))
        for subject in answers.subjects_of(request, answer)
    ]
    if is_page or not roles <= MACHINES:
        adding.add(rows)
    else:
        adding.add_soon(rows)
    if read.repeated:
        with _lock:
            _watching[key] = True


def forget_who_watches() -> None:
    """Note the next answer of each screen again."""
    with _lock:
        _watching.clear()


def _is_watching(key: tuple[int, str]) -> bool:
    with _lock:
        return key in _watching


def _is_shown(answer: HttpResponseBase) -> bool:
    return 200 <= answer.status_code < 300 or answer.status_code == NOT_MODIFIED


def _is_noted(read: Read, roles: frozenset[Role], *, is_page: bool) -> bool:
    """Pages of the admin are for the shop's own people alone, whatever rights of Django's let them in."""
    return is_page or not roles <= {*read.unnoted, Role.CUSTOMER}
