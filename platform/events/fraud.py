from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from events.money import to_cents


class AlertChange(StrEnum):
    RAISED = "RAISED"
    CHANGED = "CHANGED"


class AlertStatus(StrEnum):
    OPEN = "OPEN"
    INVESTIGATING = "INVESTIGATING"
    CONFIRMED = "CONFIRMED"
    DISMISSED = "DISMISSED"


@dataclass(frozen=True, slots=True)
class FraudAlert:
    """A suspicion about one transaction was raised, or its investigation moved on."""

    order_id: str
    user_id: int
    amount: float
    rule: str
    change: AlertChange
    status: AlertStatus
    timestamp: datetime

    @property
    def cents(self) -> int:
        return to_cents(self.amount)

    @property
    def identity(self) -> str:
        return f"{self.order_id} {self.change} {self.status} {self.timestamp.isoformat()}"
