"""Slows down guessing passwords, at every door: the login pages, the admin and HTTP Basic.

After ten wrong passwords for one name from one address, the next five minutes refuse all of them. It counts in Django's
cache: with the cache in a process's memory, each process counts for itself, and somebody with many addresses has many
times ten tries. It makes guessing slow, no more; a limit in front of the platform and long passwords do the rest.
(REST framework's throttles would be no better: its documentation calls them no security feature.)
"""

from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

MAX_GUESSES = 10
REFUSED_FOR = timedelta(minutes=5)


class LimitedGuesses(ModelBackend):
    """Django's own check of names and passwords, and no other after too many wrong ones."""

    def authenticate(  # type: ignore[override]  # ModelBackend's own signature too differs from BaseBackend's
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        name = username or ""
        if are_exhausted(request, name):
            raise PermissionDenied("Too many wrong passwords: try again in five minutes.")
        user = super().authenticate(request, username, password, **kwargs)
        if user is None:
            _count(request, name)
        else:
            cache.delete(_key(request, name))
        return user


def are_exhausted(request: HttpRequest | None, name: str) -> bool:
    return int(cache.get(_key(request, name), 0)) >= MAX_GUESSES


def _count(request: HttpRequest | None, name: str) -> None:
    key = _key(request, name)
    cache.add(key, 0, REFUSED_FOR.total_seconds())
    try:
        cache.incr(key)
    except ValueError:  # the five minutes were over just now
        cache.set(key, 1, REFUSED_FOR.total_seconds())


def _key(request: HttpRequest | None, name: str) -> str:
    address = request.META.get("REMOTE_ADDR", "") if request else ""
    return "guesses:" + sha256(f"{address} {name}".encode(errors="replace")).hexdigest()
