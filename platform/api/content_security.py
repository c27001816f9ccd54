"""Which sources a browser may use for what it is answered."""

from csp.middleware import CSPMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase

HEADER = "Content-Security-Policy"
NO_PAGE = "default-src 'none'; frame-ancestors 'none'"
"""For what is no page, and uses nothing: JSON, CSV, figures."""


class ContentSecurity(CSPMiddleware):
    """The policy of the settings for pages, which is built anew for each; a shorter and stricter one for the rest."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.get("Content-Type", "").startswith("text/html"):
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, NO_PAGE)
        return response
