"""What the live page shows, and to whom."""

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from api.roles import Role
from monitoring import checks, watch
from monitoring.fresh import Fresh
from monitoring.health import Part, overall
from monitoring.observation import GroupStatus, Observation, Outage
from monitoring.rates import Rates

STAFF = frozenset({Role.SHOP, Role.INVESTIGATOR, Role.ANALYST, Role.OPERATOR})
HEALTH_SECONDS = 2.0

health = Fresh(checks.ask_all, seconds=HEALTH_SECONDS)


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of the page that another app fills."""

    name: str
    source: str
    """the name in settings.LIVE_SOURCES of the function that gives its rows"""
    rows: int
    seconds: float
    """for how long the rows are fresh; every screen shares them"""
    roles: frozenset[Role]
    """who may see it: those whose work needs it"""


PANELS = (
    Panel("transactions", "newest_transactions", 10, 1.0, STAFF),
    Panel("alerts", "newest_alerts", 10, 1.0, frozenset({Role.INVESTIGATOR, Role.OPERATOR})),
    Panel("hours", "hours", 36, 3.0, STAFF),
)


def may_watch(roles: Collection[Role]) -> bool:
    return not STAFF.isdisjoint(roles)


def state(*, roles: Collection[Role], rates_since: datetime) -> dict[str, Any]:
    """Everything the page shows to an account with these roles; rates only from after `rates_since`."""
    with ThreadPoolExecutor(max_workers=1) as beside:  # a dead Kafka is waited for once, not twice
        asked = beside.submit(health.get)
        observed = watch.latest.get()
        parts = asked.result()
    return {
        "at": datetime.now(UTC),
        "health": {"status": overall(parts), "parts": [part_row(part) for part in parts]},
        "kafka": _kafka(observed),
        "rates": [_rates(each) for each in watch.watch.rates_since(rates_since)],
        "panels": {panel.name: _panel(panel, roles) for panel in PANELS},
    }


def forget() -> None:
    """Ask everything anew the next time, such as after a change of settings."""
    watch.latest.forget()
    health.forget()
    _rows.cache_clear()


def part_row(part: Part) -> dict[str, Any]:
    return {"status": part.status} | asdict(part)


def _panel(panel: Panel, roles: Collection[Role]) -> dict[str, Any]:
    if panel.roles.isdisjoint(roles):
        return {"hidden_for": sorted(panel.roles)}
    return {"rows": _rows(panel).get()}


@cache
def _rows(panel: Panel) -> Fresh[list[dict[str, Any]]]:
    source: Callable[[int], list[dict[str, Any]]] = import_string(settings.LIVE_SOURCES[panel.source])
    return Fresh(lambda: source(panel.rows), seconds=panel.seconds)


def _kafka(observed: Observation | Outage) -> dict[str, Any]:
    if isinstance(observed, Outage):
        return {"at": observed.at, "why": observed.why}
    return {
        "at": observed.cluster.at,
        "brokers": len(observed.cluster.brokers),
        "under_replicated": len(observed.under_replicated),
        "offline": len(observed.offline),
        "groups": [_group(group) for group in observed.groups],
        "dead_letters": {topic.name: waiting for topic, waiting in observed.dead_letters},
    }


def _group(status: GroupStatus) -> dict[str, Any]:
    return {
        "name": status.group.name,
        "members": len(status.group.members),
        "lag": status.lag,
        "lag_seconds": status.lag_seconds,
        "verdict": status.judgement.verdict,
        "reason": status.judgement.reason,
        "detail": status.judgement.detail,
        "trend": status.judgement.trend,
        "time_to_clear_seconds": status.judgement.seconds_to_clear,
    }


def _rates(rates: Rates) -> dict[str, Any]:
    return {"at": round(rates.at.timestamp() * 1000), "topics": rates.topics, "groups": rates.groups}
