"""What Django itself refuses, outside every view: problems for the API, Django's pages for people."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import defaults
from django.views.decorators.http import require_safe

from api.problems import Problem, ProblemType, as_problem
from api.renderers import PROBLEM_JSON, ProblemRenderer

PAGES = ("/", "/favicon.ico", "/login", "/logout", "/docs", "/problems")
FOLDERS_OF_PAGES = ("/admin/", "/runbooks/", "/static/")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_page(request) and not isinstance(exception, RequestDataTooBig):
        return defaults.bad_request(request, exception)
    return problem(as_problem(exception) or Problem(ProblemType.MALFORMED, ProblemType.MALFORMED.remedy))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_page(request):
        return defaults.permission_denied(request, exception)
    return problem(Problem(ProblemType.FORBIDDEN, ProblemType.FORBIDDEN.remedy))


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_page(request):
        return defaults.page_not_found(request, exception)
    return problem(Problem(ProblemType.NOT_FOUND, f"There is nothing at {request.path}: /docs shows what there is."))


def server_error(request: HttpRequest) -> HttpResponse:
    """The answer to an error of ours, which Django has logged with its traceback under the same request id."""
    error = sys.exception()
    if isinstance(error, Error) and (refused := as_problem(error)):
        return _unavailable(request, refused)
    if is_page(request):
        return defaults.server_error(request)
    return problem(Problem(ProblemType.INTERNAL, ProblemType.INTERNAL.remedy))


def for_reading(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For a view of Django's kind that is no page: every method but GET and HEAD is a problem (405)."""

    @wraps(view)
    def safe(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method in ("GET", "HEAD"):
            return view(request, *args, **kwargs)
        sentence = f"{request.method} does not work here: use GET."
        return problem(Problem(ProblemType.METHOD_NOT_ALLOWED, sentence, headers={"Allow": "GET, HEAD"}))

    return safe


def _unavailable(request: HttpRequest, refused: Problem) -> HttpResponse:
    """The database is away, and nobody's code is at fault."""
    return notice(request, "api/unavailable.html", refused) if is_page(request) else problem(refused)


def refusal(status: int, why: str) -> tuple[str, bytes]:
    """The content type and the body that the HTTP server answers by itself, before Django knows of a request.

    why: what was wrong with the request, in a few words, or nothing.
    """
    type_ = next((type for type in ProblemType if type.status == status), ProblemType.INTERNAL)
    detail = f"{why}: {type_.remedy}" if why and type_ is ProblemType.MALFORMED else type_.remedy
    return PROBLEM_JSON, ProblemRenderer().render(Problem(type_, detail).as_dict())


def is_page(request: HttpRequest) -> bool:
    """Whether people look at this address, so that an error there is a page too."""
    return request.path in PAGES or request.path.startswith(FOLDERS_OF_PAGES)


@require_safe
def problem_types(request: HttpRequest) -> HttpResponse:
    """The page that the `type` of every problem leads to."""
    return render(request, "api/problems.html", {"types": list(ProblemType)})


def notice(request: HttpRequest, template: str, refused: Problem, **context: Any) -> HttpResponse:
    """The page that tells people of a problem; template: one that extends api/notice.html."""
    page = render(request, template, context, status=refused.status_code)
    for name, value in refused.headers.items():
        page[name] = value
    return page


def problem(refused: Problem) -> HttpResponse:
    """The answer that states a problem outside REST framework's views."""
    body = ProblemRenderer().render(refused.as_dict())
    return HttpResponse(body, status=refused.status_code, content_type=PROBLEM_JSON, headers=refused.headers)
