"""Every address that the platform serves, found in its URLs: a new one is among them at once."""

import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

EXAMPLES = {"order_id": "A-1", "url": "nothing", "content_type_id": "1", "object_id": "1"}
"""for parts of an address that are no numbers"""


def served() -> list[tuple[str, Any]]:
    """Every address with its view, numbers in it being 1; the same address stands there once."""
    return list(dict(_below("/", get_resolver())).items())


def _below(prefix: str, resolver: URLResolver) -> Iterator[tuple[str, Any]]:
    for pattern in resolver.url_patterns:
        address = prefix + _example(str(pattern.pattern))
        if isinstance(pattern, URLPattern):
            yield address, pattern.callback
        else:
            yield from _below(address, pattern)


def _example(route: str) -> str:
    # A route may be a regular expression, as those of the admin for its apps.
    named = re.sub(r"\(\?P<app_label>([a-z_]+)[^)]*\)", r"\1", route.removeprefix("^").removesuffix("$"))
    return re.sub(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)|\.\*\$?", _value, named)


def _value(found: re.Match[str]) -> str:
    return EXAMPLES.get(found[1] or found[2] or "url", "1")
