"""How everything here asks over HTTP: what is on this machine directly, whatever proxy the environment names."""

import ipaddress
import ssl
import urllib.request
from contextlib import closing
from http.client import HTTPResponse
from urllib.parse import urlsplit


def urlopen(
    asked: str | urllib.request.Request, timeout: float, context: ssl.SSLContext | None = None
) -> "closing[HTTPResponse]":
    """As urllib's: gives the answer, to be closed; raises HTTPError for a bad one, OSError where nobody answers."""
    request = urllib.request.Request(asked) if isinstance(asked, str) else asked
    handlers: list[urllib.request.BaseHandler] = [urllib.request.HTTPSHandler(context=context)]
    if is_here(request.full_url):
        handlers.append(urllib.request.ProxyHandler({}))
    return closing(urllib.request.build_opener(*handlers).open(request, timeout=timeout))


def is_here(url: str) -> bool:
    """Whether an address is on this machine's loopback."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
