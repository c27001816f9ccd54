"""What every endpoint is made of."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlsplit

from django.db.models import Model, QuerySet
from django.http import Http404, QueryDict, StreamingHttpResponse
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.permissions import SAFE_METHODS
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api import csv_lines
from api.csv_lines import RowsAsCSV
from api.pagination import Cursor, bound_by_cursor
from api.parameters import FORMAT, Parameters, read_parameters
from api.problems import BadParameters, Problem, ProblemType
from api.rates import Kind, Use, told
from api.renderers import FastJSONRenderer
from api.throttling import refusal, use_of_account, use_of_address
from database.unindexed import bounded_once

Row = TypeVar("Row", bound=Model)


class Endpoint(APIView):
    # Reads the query string into `asked` before the method runs; refuses all that it does not know, by name. (A
    # docstring would be shown as the description of every subclass at /schema; so below.)

    parameters: ClassVar[type[Parameters]] = Parameters
    """what GET may be asked; other methods take nothing"""
    read_by_paginator: ClassVar[frozenset[str]] = frozenset()
    counted_as: ClassVar[Kind | None] = Kind.WRITES
    """what requests that change something count as, of those that somebody may send in a while; None: nobody counts"""
    changes: ClassVar[bool] = True
    """whether requests other than GET may change something, which a token may not that may only read"""
    asked: dict[str, Any]
    uses: Sequence[Use] = ()
    """what who asks has used of these limits"""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method in self.allowed_methods:
            reads = request.method in SAFE_METHODS
            self.asked = read_parameters(
                request, self.parameters if reads else Parameters, self.read_by_paginator if reads else ()
            )

    def perform_authentication(self, request: Request) -> None:
        if self.counted_as and request.method not in SAFE_METHODS:
            # Before any password or token is looked at, which costs more than all else that is refused.
            self._limit(use_of_address(request._request, self.counted_as))
        super().perform_authentication(request)

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)
        # Whoever has authenticated the request may have said so: see accounts/authentication.py.
        if self.changes and request.method not in SAFE_METHODS and not getattr(request.auth, "may_write", True):
            raise Problem(
                ProblemType.FORBIDDEN,
                "This token may only read: make one with the scope `write`.",
                headers={"WWW-Authenticate": 'Bearer error="insufficient_scope", scope="write"'},
            )

    def check_throttles(self, request: Request) -> None:
        if self.counted_as and request.method not in SAFE_METHODS:
            self._limit(use_of_account(request.user.pk, self.counted_as))

    def _limit(self, use: Use | None) -> None:
        """Take note of what is used of a limit; raises a problem (429) if it is too much."""
        if use:
            self.uses = (*self.uses, use)
            if use.is_too_much:
                raise refusal(use)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        for name, value in told(self.uses).items():
            answer[name] = value
        return answer

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        # What a view answers may have forms that this has not, such as CSV.
        if not isinstance(request.accepted_renderer, BrowsableAPIRenderer):
            request.accepted_renderer, request.accepted_media_type = FastJSONRenderer(), FastJSONRenderer.media_type
        return super().options(request, *args, **kwargs)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        try:
            return super().perform_content_negotiation(request, force)
        except Http404 as error:
            formats = [str(renderer.format) for renderer in self.get_renderers()]
            raise BadParameters({FORMAT: [f"Use {' or '.join(formats)}."]}) from error


class Rows(Endpoint, GenericAPIView[Row]):
    # An endpoint for rows of a table.
    pass


class Listing(Rows[Row], ListAPIView[Row]):
    # A list in pages, narrowed by the parameters that the request names.

    read_by_paginator = frozenset({"cursor", "limit"})
    columns: ClassVar[tuple[str, ...]] = ()
    """what a row is answered as, straight from the table; empty: as the serializer says"""

    csv_columns: ClassVar[tuple[str, ...]] = ()
    """of the list as CSV; empty: it is given as JSON only"""

    def get_renderers(self) -> Any:
        # What was written is answered as JSON; an unknown method is refused as such, whatever form was asked for.
        writes = self.request is None or self.request.method in set(self.allowed_methods) - set(SAFE_METHODS)
        return [*super().get_renderers(), *([RowsAsCSV()] if self.csv_columns and not writes else [])]

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        if isinstance(request.accepted_renderer, RowsAsCSV):
            return self._as_csv(request)
        return self._page(request, *args, **kwargs)

    def _as_csv(self, request: Request) -> StreamingHttpResponse:
        """All that is asked for, or as much as `limit` says, page by page: nothing holds it as a whole."""
        name = request.path.strip("/").replace("/", "-")
        return csv_lines.answer(name, self.csv_columns, self._pages(request), is_head=request.method == "HEAD")

    def _pages(self, request: Request) -> Iterator[tuple[Any, bool]]:
        """Each page, with whether another one is to follow."""
        asked, is_limited = request.query_params.copy(), "limit" in request.query_params
        asked.setdefault("limit", str(Cursor.max_page_size))
        while True:
            vars(request._request)["GET"] = asked
            page = self._page(request).data
            has_more = not is_limited and bool(page["next"])
            yield page["results"], has_more
            if not has_more:
                return
            asked["cursor"] = QueryDict(urlsplit(page["next"]).query)["cursor"]

    def _page(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        if not self.columns:
            return super().list(request, *args, **kwargs)
        page: Any = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        has_more = len(self.columns_read) > len(self.columns)
        named = [{name: row[name] for name in self.columns} for row in page] if has_more else page
        return self.get_paginated_response(self.as_answered(named))

    @property
    def columns_read(self) -> tuple[str, ...]:
        """The columns that are read: those that are answered, and those of the order, which a cursor holds."""
        besides = {name.lstrip("-"): None for name in self.order if name.lstrip("-") not in self.columns}
        return (*self.columns, *besides) if self.columns else ()

    def as_answered(self, rows: Any) -> Any:
        """What is answered of a page's rows, each a dict of `columns`."""
        return rows

    @property
    def order(self) -> tuple[str, ...]:
        """The columns by which the list comes, as order_by() takes them; what is asked may decide: see Cursor."""
        return (Cursor.ordering,)

    @property
    def index(self) -> str:
        """The table and the index that the list is read from, where MySQL has to be told; empty: it knows."""
        return ""

    @property
    def lookups(self) -> dict[str, Any]:
        """What narrows the list, as filter() takes it."""
        return self.asked

    @property
    def narrowing(self) -> dict[str, Any]:
        """The lookups of what is asked, but for those that a cursor makes narrower still."""
        bound = bound_by_cursor(self.request, self.order)
        return bounded_once(self.lookups, *bound) if bound else self.lookups

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**self.narrowing)
