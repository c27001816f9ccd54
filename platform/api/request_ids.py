"""Under which id a request is answered, logged and traced. Pure."""

import re
from uuid import uuid4

HEADER = "X-Request-Id"
BEARABLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=@~-]{0,127}")
"""An id of the caller's that a line of a log and a header field can bear: UUIDs, ULIDs, traces of proxies."""


def request_id(told: str | None) -> str:
    """The caller's own, where it can be borne; else a new one. told: what the header field says."""
    return told if told and BEARABLE.fullmatch(told) else str(uuid4())
