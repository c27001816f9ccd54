"""What proxies of the environment are asked for: never what is on this machine. Pure."""

from collections.abc import MutableMapping

LOOPBACK = ("127.0.0.1", "localhost", "::1")
EXCEPTIONS = ("no_proxy", "NO_PROXY")
"""Libraries read the one or the other; where both are set, most take the first."""


def spare_loopback(environment: MutableMapping[str, str]) -> None:
    """Let no HTTP client that looks into this environment ask a proxy for what is on this machine."""
    given = next((environment[name] for name in EXCEPTIONS if environment.get(name)), "")
    spared = [word for raw in given.split(",") if (word := raw.strip())]
    if "*" not in spared:
        spared += [host for host in LOOPBACK if host not in spared]
    environment.update(dict.fromkeys(EXCEPTIONS, ",".join(spared)))
    for name in [name for name in environment if _names_socks(name, environment[name])]:
        # Our clients do not speak it, and some of them would not even begin: httpx, where it only might be needed.
        del environment[name]


def _names_socks(name: str, value: str) -> bool:
    return name.lower().endswith("_proxy") and value.lower().startswith("socks")
