"""How answers are written. Imports no views: REST framework's views import this."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec
from rest_framework.renderers import BaseRenderer, BrowsableAPIRenderer, JSONRenderer
from rest_framework.response import Response

PROBLEM_JSON = "application/problem+json"


class FastJSONRenderer(JSONRenderer):
    """JSON by msgspec: what REST framework's own writes, in a tenth of its time, for data that need no serializer.

    Decimals are strings, moments are RFC 3339 in UTC, members of enums are their values.
    """

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> Any:
        context = renderer_context or {}
        if data is None or self.get_indent(accepted_media_type or "", context):
            return super().render(data, accepted_media_type, context)
        return encoded(data)


def _of_django(value: Any) -> Any:
    # What else there is: translations that are looked up when they are shown, and subclasses of str.
    return str(value)


encoded = partial(msgspec.json.encode, enc_hook=_of_django)
"""JSON of dicts, lists, texts, numbers, moments and decimals, in UTF-8."""


class ProblemRenderer(FastJSONRenderer):
    media_type = PROBLEM_JSON


class ProblemResponse(Response):
    """A problem: as HTML in the browsable API, otherwise as problem+json, also where CSV was asked for."""

    @property
    def rendered_content(self) -> Any:
        if not isinstance(self.accepted_renderer, BrowsableAPIRenderer):
            self.accepted_renderer = ProblemRenderer()
            self.accepted_media_type = PROBLEM_JSON
        return super().rendered_content


class BrowsableRenderer(BrowsableAPIRenderer):
    """The browsable API, in which problems look as other clients get them."""

    def get_default_renderer(self, view: Any) -> BaseRenderer | None:
        if isinstance(getattr(view, "response", None), ProblemResponse):
            return ProblemRenderer()
        return super().get_default_renderer(view)
