"""How answers are written. Imports no views: REST framework's views import this."""

from typing import Any

from rest_framework.renderers import BaseRenderer, BrowsableAPIRenderer, JSONRenderer
from rest_framework.response import Response

PROBLEM_JSON = "application/problem+json"


class ProblemRenderer(JSONRenderer):
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
