"""What the live page shows, and to whom."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from threading import Condition
from typing import Any

from cachetools import TLRUCache, TTLCache, cached

from accounts.roles import Role
from analytics import selectors as analytics
from events.money import Ledger
from fraud import selectors as fraud
from monitoring import checks, selectors
from monitoring.health import Part, overall
from monitoring.rates import Rates
from monitoring.snapshot import Snapshot, Trouble, what_is_known
from streaming.topics import topics_in_use
from transactions import selectors as transactions

STAFF = frozenset({Role.SHOP, Role.INVESTIGATOR, Role.ANALYST, Role.OPERATOR})
HEALTH_SECONDS = 2.0
SNAPSHOT_SECONDS = 1.0

# What many screens ask for at once is computed once for all of them. An exception is not kept: who waits then asks.


@cached(TTLCache(1, HEALTH_SECONDS), condition=Condition())
def health() -> list[Part]:
    """How every part does."""
    return checks.ask_all()


@cached(TTLCache(1, HEALTH_SECONDS), condition=Condition())
def readiness() -> list[Part]:
    """How the parts do that orders need."""
    return checks.ask_all(checks.needed())


@cached(TTLCache(1, SNAPSHOT_SECONDS), condition=Condition())
def snapshot() -> Snapshot | None:
    """What run_monitor wrote down last of Kafka."""
    return selectors.latest_snapshot()


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of the page that another app fills."""

    name: str
    source: Callable[[int], list[dict[str, Any]]]
    """gives its rows, newest first; it takes how many at the most"""
    rows: int
    seconds: float
    """for how long the rows are fresh; every screen shares them"""
    roles: frozenset[Role]
    """who may see it: those whose work needs it"""


PANELS = (
    Panel("transactions", transactions.newest, 10, 1.0, STAFF),
    Panel("alerts", fraud.newest, 10, 1.0, frozenset({Role.INVESTIGATOR, Role.OPERATOR})),
    Panel("hours", analytics.latest_hours, 36, 3.0, STAFF),
)


@cached(
    TLRUCache(len(PANELS), ttu=lambda panel, _, now: now + panel.seconds),
    key=lambda panel: panel,
    condition=Condition(),
)
def rows_of(panel: Panel) -> list[dict[str, Any]]:
    return panel.source(panel.rows)


def may_watch(roles: Collection[Role]) -> bool:
    return not STAFF.isdisjoint(roles)


def state(*, roles: Collection[Role], rates_since: datetime) -> dict[str, Any]:
    """Everything the page shows to an account with these roles; rates only from after `rates_since`."""
    parts, now = health(), datetime.now(UTC)
    return {
        "at": now,
        "currency": {"code": Ledger.currency.code, "digits": Ledger.currency.digits},
        "health": {"status": overall(parts), "parts": [part_row(part) for part in parts]},
        "kafka": _kafka(what_is_known(snapshot(), now)),
        "rates": [_rates(each) for each in selectors.rates_since(rates_since)],
        "panels": {panel.name: _panel(panel, roles) for panel in PANELS},
    }


def forget() -> None:
    """Ask everything anew the next time, such as after a change of settings."""
    for each in (health, readiness, snapshot, rows_of):
        each.cache_clear()


def part_row(part: Part) -> dict[str, Any]:
    return {"status": part.status} | asdict(part)


def _panel(panel: Panel, roles: Collection[Role]) -> dict[str, Any]:
    if panel.roles.isdisjoint(roles):
        return {"hidden_for": sorted(panel.roles)}
    return {"rows": rows_of(panel)}


def _kafka(known: Mapping[str, Any] | Trouble) -> dict[str, Any]:
    if isinstance(known, Trouble):
        return {"why": known.why, "is_known": known.is_known}
    return {
        "age_seconds": known["age_seconds"],
        "brokers": len(known["brokers"]),
        "silent": len(known.get("silent_brokers", ())),
        "under_replicated": len(known["under_replicated_partitions"]),
        "offline": len(known["offline_partitions"]),
        "groups": [_group(group) for group in known["groups"]],
        "dead_letters": {
            each["topic"]: {"waiting": each["waiting"], "messages": each.get("messages")}
            for each in known["dead_letters"]
        },
    }


OF_GROUPS = ("name", "lag", "lag_seconds", "verdict", "reason", "detail", "trend", "time_to_clear_seconds")


def _group(group: Mapping[str, Any]) -> dict[str, Any]:
    return {name: group[name] for name in OF_GROUPS} | {"members": len(group["members"])}


def _rates(rates: Rates) -> dict[str, Any]:
    # Connect keeps its state in topics of its own, which say nothing of the shop.
    topics = {topic.value: rates.topics[topic] for topic in topics_in_use() if topic in rates.topics}
    return {"at": round(rates.at.timestamp() * 1000), "topics": topics, "groups": rates.groups}
