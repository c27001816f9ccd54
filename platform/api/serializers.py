from collections.abc import Mapping
from typing import Any, cast

from rest_framework import serializers
from rest_framework.utils import html

CSRF_FIELD = ("csrfmiddlewaretoken",)


class StrictSerializer(serializers.Serializer[Any]):
    # Refuses fields that it does not know or that only answers have, each by its name. (A docstring would be shown as
    # the description of every subclass at /schema.)

    def to_internal_value(self, data: Any) -> Any:
        unknown = self._unknown(data)
        try:
            value = super().to_internal_value(data)
        except serializers.ValidationError as error:
            raise serializers.ValidationError(cast(dict[str, Any], error.detail) | unknown) from error
        if unknown:
            raise serializers.ValidationError(unknown)
        return value

    def _unknown(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            return {}
        known = [str(field.field_name) for field in self._writable_fields]
        sentence = f"There is no such field to set: use {', '.join(known)}."
        added = CSRF_FIELD if html.is_html_input(data) else ()
        return {str(name): [sentence] for name in data if name not in known and name not in added}
