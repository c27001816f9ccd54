"""What to say of Kafka from run_monitor's latest snapshot of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

STALE = timedelta(seconds=30)
"""Many snapshots long: whoever has not taken one since then has ended, or hangs."""
MONITOR = "`manage.py run_monitor`"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How run_monitor's latest snapshot of Kafka went."""

    at: datetime
    seconds: float
    """how long it took"""
    why: str = ""
    """why Kafka could not be observed; empty: it could"""
    out_since: datetime | None = None
    """since when it could not; None: it could"""
    seen: Mapping[str, Any] | None = None
    """the last observation that succeeded, as `GET /monitoring/kafka` answers it; None: none ever did"""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is nothing to show."""

    why: str
    is_known: bool
    """whether Kafka itself is in trouble, rather than nobody looking at it"""


def what_is_known(snapshot: Snapshot | None, now: datetime) -> dict[str, Any] | Trouble:
    """The observation, and how old it is; or why there is nothing to show."""
    if snapshot is None:
        return Trouble(f"Nothing is known of Kafka: nobody has looked at it yet. Start {MONITOR}.", is_known=False)
    if now - snapshot.at > STALE:
        return Trouble(
            f"Nothing is known of Kafka: it was last looked at {_in_words(now - snapshot.at)} ago. "
            f"See whether {MONITOR} runs, and its log.",
            is_known=False,
        )
    if snapshot.out_since or snapshot.seen is None:
        return Trouble(
            f"{snapshot.why} It has been so since {snapshot.out_since or snapshot.at:%H:%M:%S} UTC.", is_known=True
        )
    return {**snapshot.seen, "age_seconds": max(0.0, round((now - snapshot.at).total_seconds(), 1))}


def silence(known: Mapping[str, Any]) -> str:
    """What an observation lacks because brokers hang; empty: nothing."""
    silent, brokers = known.get("silent_brokers", ()), known["brokers"]
    if not silent:
        return ""
    names = ", ".join(map(str, silent))
    return (
        f"Of {len(brokers)} brokers, {names} {'does' if len(silent) == 1 else 'do'} not answer. What is led there can "
        "be neither written nor read until others take over: see whether it hangs, or its machine."
    )


def _in_words(age: timedelta) -> str:
    seconds = age.total_seconds()
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} seconds"
