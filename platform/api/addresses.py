"""Whose request it is, behind proxies or not. Pure."""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def client_address(environ: Mapping[str, str], trusted: Sequence[Network]) -> Address | None:
    """The nearest address that is no trusted proxy's; None if not even the peer has one, as on a Unix socket.

    environ: of a request, as WSGI names things. Every proxy adds to X-Forwarded-For whom it serves: what stands there
    is believed as far as trusted proxies have written it, since the client may have written the rest.
    """
    nearest = None
    forwarded = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
    for text in (environ.get("REMOTE_ADDR", ""), *reversed(forwarded)):
        address = _address(text)
        if address is None:
            break
        nearest = address
        if not any(address in network for network in trusted):
            break
    return nearest


def counted_address(address: Address) -> str:
    """What counts as one address: of IPv6, the 64 bits that a single customer of a provider has at the least."""
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((address, 64), strict=False).network_address)


def counted_client(environ: Mapping[str, str], trusted: Sequence[Network]) -> str | None:
    """What a request's address counts as; None if it has none. See client_address()."""
    address = client_address(environ, trusted)
    return counted_address(address) if address else None


def _address(text: str) -> Address | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
