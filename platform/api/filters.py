"""Filters of lists: django-filter, but strict."""

from typing import Any, cast

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.request import Request

from api.parameters import refuse_unknown_parameters
from api.problems import BadParameters


class StrictFilters(DjangoFilterBackend):
    """Refuses (400) query parameters that the view's filterset does not know, and bad values of those it does."""

    raise_exception = False

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        filterset = self.get_filterset(request, queryset, view)
        filters = filterset.filters if filterset else {}
        refuse_unknown_parameters(request, {*filters, *getattr(view.paginator, "parameters", ())})
        if filterset is None:
            return queryset
        if not filterset.is_valid():
            raise BadParameters(filterset.errors)
        return cast(QuerySet[Any], filterset.qs)
