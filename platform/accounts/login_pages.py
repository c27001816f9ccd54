"""How many logins are taken at the pages for people; the API's own door counts as every endpoint does."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from api.errors import notice
from api.rates import Kind, told
from api.throttling import refusal, use_of_address

DOORS = frozenset({"/login", "/admin/login/"})


class LoginPages:
    """A middleware: who sends more passwords from one address than is allowed gets a page that says when to return.

    It counts right passwords, too, each of which costs as much to check; wrong ones close a door sooner: see
    login_throttle.py.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        is_login = request.method == "POST" and request.path_info in DOORS
        use = use_of_address(request, Kind.LOGINS) if is_login else None
        if use is None:
            return self._get_response(request)
        if use.is_too_much:
            return notice(request, "api/too_many_logins.html", refusal(use), seconds=use.ends_in)
        answer = self._get_response(request)
        for name, value in told([use]).items():
            answer[name] = value
        return answer
