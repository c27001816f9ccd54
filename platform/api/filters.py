"""Filters of lists: django-filter, but strict."""

from datetime import datetime
from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework.request import Request

from api.fields import MAX_USER_ID, moment
from api.parameters import refuse_unknown_parameters
from api.problems import BadParameters


class StrictFilters(filters.DjangoFilterBackend):
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


class MomentField(forms.CharField):
    def to_python(self, value: Any) -> datetime | None:  # type: ignore[override]
        text = super().to_python(value)
        try:
            return moment(text) if text else None
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


class MomentFilter(filters.IsoDateTimeFilter):
    """A date and time of RFC 3339, with its offset."""

    field_class = MomentField


class UserIdFilter(filters.NumberFilter):
    field_class = forms.IntegerField

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**({"min_value": 0, "max_value": MAX_USER_ID} | kwargs))


class AmountFilter(filters.NumberFilter):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**({"max_digits": 18, "decimal_places": 2} | kwargs))


class ChoiceFilter(filters.ChoiceFilter):
    """One of some choices; a wrong one is told which there are."""

    def __init__(self, *, choices: list[tuple[str, Any]], **kwargs: Any) -> None:
        messages = {"invalid_choice": f"Use {' or '.join(value for value, _ in choices)}."}
        super().__init__(choices=choices, error_messages=messages, **kwargs)


@extend_schema_field(OpenApiTypes.BOOL)
class TrueOrFalseFilter(ChoiceFilter):
    """`true` or `false`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=[("true", "true"), ("false", "false")], **kwargs)

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        return cast(QuerySet[Any], super().filter(qs, value and value == "true"))
