"""Slows down guessing passwords at every door: the login pages, the admin and HTTP Basic.

django-axes counts wrong passwords in the database, so that all processes share the counts. Ten of one name from one
address lock that name for that address; fifty from one address lock the address, a hundred of one name lock the name:
rarer, since an office shares an address, and since anybody could lock somebody else's name. A lock holds until five
minutes have passed without a guess that counted.
"""

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse

from api.addresses import counted_client
from api.errors import is_page, notice, problem
from api.problems import Problem, ProblemType

WEIGHTS = (1, 5, 10)
"""how many times as many wrong passwords each of AXES_LOCKOUT_PARAMETERS bears"""
MAX_NAME = 150


class LoginThrottle(AxesDatabaseHandler):
    """Counts of django-axes, weighed."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        total = Sum("failures_since_start")
        counts = [rows.aggregate(total=total)["total"] or 0 for rows in self.get_user_attempts(request, credentials)]
        return max(int(count // weight) for count, weight in zip(counts, WEIGHTS, strict=True))

    def reset_user_attempts(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Somebody logged in: forget their slips from there. An address must not be freed by an account of its own."""
        slips, *_ = self.filter_user_attempts(request, credentials)
        return int(slips.delete()[0])


def name_of(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """The name that is tried; longer ones than there can be count as one."""
    return str((credentials or {}).get("username") or "")[:MAX_NAME]


def address_of(request: HttpRequest) -> str | None:
    """The client's address, as far as trusted proxies name it."""
    return counted_client(request.META, settings.TRUSTED_PROXIES)


def locked_out(request: HttpRequest, response: HttpResponse, credentials: Any) -> HttpResponse:
    """The answer to a guess too many: a page for people, a problem for the API; both say when to come back."""
    seconds = int(settings.AXES_COOLOFF_TIME.total_seconds())
    minutes = -(-seconds // 60)
    sentence = f"Too many wrong passwords for this name or from this address: wait {minutes} minutes."
    refused = Problem(ProblemType.TOO_MANY_REQUESTS, sentence, headers={"Retry-After": str(seconds)})
    return notice(request, "api/locked_out.html", refused, minutes=minutes) if is_page(request) else problem(refused)
