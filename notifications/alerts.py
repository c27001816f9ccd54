"""What operators are notified of about Prometheus' alerts, and when their silence is one. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from notifications.messages import MAX_TEXT, Audience, Kind, Message

SILENT_AFTER = timedelta(minutes=3)
"""The heartbeat comes every half minute; so long a gap is no restart of anything."""


class State(StrEnum):
    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Alert:
    """One state of one alert, as Alertmanager sends it."""

    fingerprint: str
    state: State
    since: datetime
    name: str
    severity: str
    summary: str
    description: str
    runbook: str

    @property
    def key(self) -> str:
        """The same for every delivery about one time of firing."""
        return f"{self.fingerprint}@{self.since:%Y-%m-%dT%H:%M:%S.%fZ}"


def message_about_alert(alert: Alert) -> Message:
    summary = alert.summary or alert.name
    if alert.state is State.RESOLVED:
        return Message(Audience.OPERATORS, Kind.ALERT_RESOLVED, _clipped(f"Over: {summary}."), alert=alert.key)
    runbook = f"What to do: {alert.runbook}" if alert.runbook else ""
    severity = alert.severity.capitalize() or "Alert"
    text = " ".join(part for part in (f"{severity}: {summary}.", alert.description, runbook) if part)
    return Message(Audience.OPERATORS, Kind.ALERT_FIRING, _clipped(text), alert=alert.key)


def is_silent(last_heartbeat: datetime, now: datetime) -> bool:
    return now - last_heartbeat > SILENT_AFTER


def message_about_silence(last_heartbeat: datetime) -> Message:
    text = (
        f"No alerts can arrive: nothing has come from Alertmanager since {last_heartbeat:%Y-%m-%d %H:%M:%S} UTC. "
        "What to do: docs/runbooks/watchdog.md"
    )
    return Message(
        Audience.OPERATORS, Kind.ALERTS_SILENT, text, alert=f"silence@{last_heartbeat:%Y-%m-%dT%H:%M:%S.%fZ}"
    )


def _clipped(text: str) -> str:
    """Rather shortened than refused: Alertmanager would deliver it again and again."""
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"
