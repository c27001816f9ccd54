"""Lists of the admin over large tables: in orders that indexes have, and with a limit to what they may take."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.contrib.admin.views.main import ORDER_VAR
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator
from unfold.views import ChangeList

from api.problems import ProblemType
from database.time_limit import TookTooLong, time_limit
from events.plausibility import MAX_USER_ID


class OrderedChangeList(ChangeList):  # type: ignore[misc] # unfold says nothing of its types
    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[str]:
        """What the page's admin says, and nothing behind it: Django would add columns that no index has there."""
        asked: list[str] = super().get_ordering(request, queryset) if ORDER_VAR in request.GET else [""]
        orders: Mapping[str, Sequence[str]] = self.model_admin.orders(request.GET)
        return list(orders.get(asked[0], orders[""]))

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if isinstance(self.paginator, InfinitePaginator):
            # It takes a table for endless; beside the title nothing of that is to be shown as if it were known.
            self.full_result_count = self.result_count


class RowsOfPage(Paginator):  # type: ignore[type-arg] # Django's is generic for its stubs alone
    """Passes over the pages before in the index alone, and reads the rows of its own page by their ids.

    Known as late row lookup, or deferred join. With an OFFSET alone MySQL reads every row that is passed over.
    """

    object_list: Any

    def page(self, number: int | str) -> Page[Any]:
        page = super().page(number)
        if page.number > 1:
            skipping: Any = page.object_list
            page.object_list = self._rows(list(skipping.values_list("pk", flat=True)))
        return page

    def _rows(self, ids: Sequence[Any]) -> list[Any]:
        """By their ids and nothing else: for a filter beside them SQLite would read all that it finds."""
        rows: Any = self.object_list.model._default_manager.all()
        rows.query.select_related = self.object_list.query.select_related
        found = rows.in_bulk(ids)
        return [found[each] for each in ids if each in found]


class EndlessPages(RowsOfPage, InfinitePaginator):  # type: ignore[misc] # unfold says nothing of its types
    """Of a large table, which is not counted."""


class LargeTableAdmin(ModelAdmin):  # type: ignore[misc]
    """Of a table whose rows have an order id and a user id, by one of which they are found."""

    search_fields = ("order_id", "user_id")
    search_help_text = "The whole order id, or the user id"
    show_full_result_count = False
    list_per_page = 25  # a row takes two milliseconds to be drawn
    paginator = RowsOfPage

    def orders(self, asked: Mapping[str, str]) -> Mapping[str, Sequence[str]]:
        """Column that people sort by, such as `-amount` → the columns of an index; "" → as it comes.

        asked: the page's query string. The columns must order all rows: the last one is unique.
        """
        raise NotImplementedError

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return OrderedChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By one column: an index for either finds too much or nothing where both are asked for."""
        term = search_term.strip()
        if not term:
            return queryset, False
        is_user = term.isascii() and term.isdigit() and int(term[:20]) <= MAX_USER_ID
        if is_user and not self.model._default_manager.filter(order_id=term).exists():
            return queryset.filter(user_id=int(term)), False
        return queryset.filter(order_id=term), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method != "GET":  # an action, which is done as a whole
            done: HttpResponse = super().changelist_view(request, extra_context)
            return done
        try:
            with time_limit(settings.QUERY_SECONDS):
                response: HttpResponse = super().changelist_view(request, extra_context)
                return response.render() if isinstance(response, TemplateResponse) else response
        except TookTooLong as error:
            context = {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": "Too much",
                "why": str(error),
            }
            return TemplateResponse(request, "api/too_long.html", context, status=ProblemType.VALIDATION.status)
