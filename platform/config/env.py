"""Settings come from the environment, or else from the file that PLATFORM_ENV names; a bad one stops the start."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlsplit

import environ
import iso4217  # type: ignore[import-untyped] # has no types
from django.core.exceptions import ImproperlyConfigured

from config.proxies import spare_loopback
from events.money import Currency

T = TypeVar("T")

# Every process of ours comes through here before it asks anybody.
spare_loopback(os.environ)

BASE_DIR = Path(__file__).resolve().parent.parent.parent
ENV_FILE = BASE_DIR / os.environ.get("PLATFORM_ENV", "compose/embedded.env")

if not ENV_FILE.is_file():
    raise ImproperlyConfigured(
        f"PLATFORM_ENV names {ENV_FILE}, which is no file. Set it to compose/embedded.env or a file with the same keys."
    )


class _Variables(environ.Env):
    """The environment, and under it what the file says."""

    # A copy: what the file says must not reach the environment of processes that this one starts.
    ENVIRON: ClassVar[Any] = dict(os.environ)


_Variables.read_env(str(ENV_FILE))
VARIABLES: dict[str, str] = _Variables.ENVIRON


def setting(name: str, cast: Callable[[str], T], expects: str) -> T:
    """The value of a setting; raises ImproperlyConfigured, saying what it expects, if absent or of another form."""
    raw = VARIABLES.get(name)
    if raw is None:
        raise ImproperlyConfigured(f"{name} is not set: set it to {expects}, in the environment or in {ENV_FILE}.")
    try:
        return cast(raw.strip())
    except (ValueError, ArithmeticError, KeyError, environ.ImproperlyConfigured) as error:
        raise ImproperlyConfigured(
            f"{name}={raw!r} is not {expects}. Set it in the environment or in {ENV_FILE}."
        ) from error


def switch(raw: str) -> bool:
    return {"on": True, "off": False}[raw.lower()]


def path(raw: str) -> Path:
    """A path; a relative one starts at the project's root."""
    return BASE_DIR / raw


def from_zero(raw: str) -> int:
    number = int(raw)
    if number < 0:
        raise ValueError(raw)
    return number


def niceness(raw: str) -> int:
    number = int(raw)
    if not 0 <= number <= 19:
        raise ValueError(raw)
    return number


def positive(raw: str) -> int:
    number = int(raw)
    if number < 1:
        raise ValueError(raw)
    return number


def words(raw: str) -> list[str]:
    return [word.strip() for word in raw.split(",") if word.strip()]


def networks(raw: str) -> list[IPv4Network | IPv6Network]:
    return [ip_network(word) for word in words(raw)]


def rate(raw: str) -> str | None:
    """How many requests in which time, as the library `limits` writes it; None: as many as they like."""
    if raw.lower() == "off":
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,8}/(second|minute|hour|day)", raw):
        raise ValueError(raw)
    return raw


def counted_in(raw: str) -> str:
    """Where requests are counted: memory, or the address of a Redis."""
    where = urlsplit(raw)
    is_redis = where.scheme in ("redis", "rediss") and where.hostname and where.port != 0  # what is no port raises
    if raw != "memory" and not is_redis:
        raise ValueError(raw)
    return raw


def choice(*allowed: str) -> Callable[[str], str]:
    return {word: word for word in allowed}.__getitem__


@dataclass(frozen=True, slots=True)
class Adapter:
    """Which adapter a setting of the form kind or kind:where chooses, and where that has to look."""

    kind: str
    where: str = ""

    @classmethod
    def parse(cls, raw: str) -> "Adapter":
        kind, _, where = raw.partition(":")
        return cls(kind, where)

    def __str__(self) -> str:
        return f"{self.kind}:{self.where}" if self.where else self.kind


def currency(raw: str) -> Currency:
    """A currency by its code; amounts are kept in thousandths at the finest, so one of more decimals is none for us."""
    digits = iso4217.Currency(raw).exponent
    if digits is None or digits > 3:
        raise ValueError(raw)
    return Currency(raw, digits)


def amount(raw: str) -> Decimal:
    value = Decimal(raw)
    if not value.is_finite() or value < 0:
        raise ValueError(raw)
    return value


def day(raw: str) -> datetime:
    """The beginning of a day, UTC."""
    return datetime.combine(date.fromisoformat(raw), time.min, UTC)


def adapter(*kinds: str) -> Callable[[str], Adapter]:
    """A setting that chooses one of these kinds of adapters."""

    def cast(raw: str) -> Adapter:
        chosen = Adapter.parse(raw)
        if chosen.kind not in kinds:
            raise ValueError(raw)
        return chosen

    return cast


def traces(raw: str) -> Adapter:
    """Where traces go: off, console, or otlp: and the URL of a collector."""
    if raw not in ("off", "console") and not raw.startswith(("otlp:http://", "otlp:https://")):
        raise ValueError(raw)
    return Adapter.parse(raw)


def database(raw: str) -> dict[str, Any]:
    """Django's settings of a database from a URL."""
    settings = environ.Env.db_url_config(raw)
    if "ENGINE" not in settings:
        raise ValueError(raw)
    return dict(settings)


def sqlite_file(name: str) -> str:
    """Where a database of SQLite is; a relative path starts at the project's root."""
    return name if name == ":memory:" else str(BASE_DIR / name)


def email(raw: str) -> dict[str, Any]:
    """Django's EMAIL_ settings from a URL; a file path in it is relative to the project's root."""
    settings = environ.Env.email_url_config(raw)
    if settings["EMAIL_BACKEND"].endswith("filebased.EmailBackend"):
        return {"EMAIL_BACKEND": settings["EMAIL_BACKEND"], "EMAIL_FILE_PATH": BASE_DIR / settings["EMAIL_FILE_PATH"]}
    return {name: value for name, value in settings.items() if name != "EMAIL_FILE_PATH"}


def address(raw: str) -> str:
    """The address of a site, without a slash at its end."""
    if not raw.startswith(("http://", "https://")):
        raise ValueError(raw)
    return raw.rstrip("/")


def socket(raw: str) -> str:
    """The path of a socket, of unix:// and the path."""
    if raw and not raw.startswith("unix:///"):
        raise ValueError(raw)
    return raw.removeprefix("unix://")


def kafka_settings(variables: Mapping[str, str] = VARIABLES) -> dict[str, str]:
    """Every KAFKA_ variable under librdkafka's own name for it: KAFKA_SASL_USERNAME is sasl.username."""
    prefix = "KAFKA_"
    return {
        name.removeprefix(prefix).lower().replace("_", "."): value
        for name, value in sorted(variables.items())
        if name.startswith(prefix) and value
    }


def optional_path(raw: str) -> Path | None:
    return path(raw) if raw else None


def paths(raw: str) -> list[Path]:
    return [path(word) for word in words(raw)]


def secret(name: str, what: str) -> str:
    """The setting itself, or the content of the file that the setting with _FILE behind its name names."""
    if value := VARIABLES.get(name):
        return value
    file = setting(f"{name}_FILE", path, f"the path of a file that holds {what}")
    try:
        return file.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name}_FILE={file} cannot be read ({error.strerror}). `make setup` makes the embedded platform's, "
            f"`make cluster` the cluster's; or set {name}."
        ) from error


def content(raw: str) -> str:
    """What the file at a path holds, without blanks around it; of no path, nothing."""
    try:
        return path(raw).read_text().strip() if raw else ""
    except OSError as error:
        raise ValueError(raw) from error
