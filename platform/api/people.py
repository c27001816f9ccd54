"""Middlewares for people, who have a browser with cookies. Programs, which bring a token, need none of them."""

from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest

from api.errors import is_page


def brings_token(request: HttpRequest) -> bool:
    """Whether a program asks: neither its session nor its messages will be looked at."""
    return request.META.get("HTTP_AUTHORIZATION", "")[:7].lower() == "bearer " and not is_page(request)


class _ForPeople:
    """Passes requests of programs on as they are."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request) if brings_token(request) else super().__call__(request)  # type: ignore[misc]


class Sessions(_ForPeople, SessionMiddleware):
    pass


class Authentication(_ForPeople, AuthenticationMiddleware):
    pass


class Messages(_ForPeople, MessageMiddleware):
    pass
