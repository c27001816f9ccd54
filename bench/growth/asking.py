"""A question to the platform, and how a client asks it."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.test import Client

Ask = Callable[[], Any]
SHOWN = 80
"""characters of an answer that was not asked for"""


@dataclass(frozen=True, slots=True)
class Question:
    """limit_ms: within which it has to be answered."""

    name: str
    limit_ms: float
    ask: Ask
    changes: bool = False
    """asked once: there is less to be done the next time"""


class Answered(RuntimeError):
    """With something else than what was asked for."""


def client(**headers: str) -> Client:
    """One that is ready: what it makes at its first request belongs to no question."""
    made = Client(headers=headers)
    made.handler.load_middleware()
    return made


def checked(response: Any, path: str, allowed: Collection[int] = (200,)) -> str:
    """The status; raises Answered for one that is not allowed."""
    if response.status_code not in allowed:
        raise Answered(f"{path}: {response.status_code} {in_words(response.content.decode())}")
    return str(response.status_code)


def in_words(body: str) -> str:
    """What an answer begins with, be it HTML: one line of it, without tags."""
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())[:SHOWN]
