from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from events.money import to_cents


class Status(StrEnum):
    """The statuses a transaction can enter with."""

    PENDING = "PENDING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"


class ChangedStatus(StrEnum):
    """The statuses a transaction can have later: those it can enter with, and REFUNDED."""

    PENDING = "PENDING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    REFUNDED = "REFUNDED"


@dataclass(frozen=True, slots=True)
class Transaction:
    """An order, or a refund (negative amount). Each is told once, keyed by its user."""

    order_id: str
    user_id: int
    amount: float
    status: Status
    timestamp: datetime

    @property
    def cents(self) -> int:
        return to_cents(self.amount)

    @property
    def identity(self) -> str:
        """What makes a second copy of this event the same event."""
        return self.order_id


@dataclass(frozen=True, slots=True)
class TransactionStatusChanged:
    """A transaction got another status; amount is the transaction's, timestamp the moment of the change."""

    order_id: str
    user_id: int
    amount: float
    previous: ChangedStatus
    status: ChangedStatus
    timestamp: datetime

    @property
    def cents(self) -> int:
        return to_cents(self.amount)

    @property
    def identity(self) -> str:
        return f"{self.order_id} {self.status}"
