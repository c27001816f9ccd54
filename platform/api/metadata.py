"""What OPTIONS answers. Imports no views: REST framework's views import this."""

from typing import Any

from rest_framework.metadata import SimpleMetadata
from rest_framework.request import Request


class Forms(SimpleMetadata):
    """An address' name and the forms in which it answers and takes bodies; /schema lists the fields.

    REST framework's own would fetch the object that a PUT changes to learn whether one may, and not every address with
    a PUT is an object.
    """

    def determine_metadata(self, request: Request, view: Any) -> dict[str, Any]:
        return {
            "name": view.get_view_name(),
            "description": view.get_view_description(),
            "renders": [renderer.media_type for renderer in view.renderer_classes],
            "parses": [parser.media_type for parser in view.parser_classes],
        }
