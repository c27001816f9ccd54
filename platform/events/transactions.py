from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from events.money import to_cents


class Status(StrEnum):
    """The statuses a transaction can enter with."""

    PENDING = "PENDING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"


class Correction(StrEnum):
    """What a telling of an order means for whoever counts, once the record has decided."""

    REFUSED = "REFUSED"
    """it contradicts the record, and was not the first of its partition: sums never held it"""
    REVERSED = "REVERSED"
    """sums hold it as the first of its partition, and it is not the record: take it out"""
    COUNTED = "COUNTED"
    """it is the record, and sums passed it over since another one came first: put it in"""


class ChangedStatus(StrEnum):
    """The statuses a transaction can have later: those it can enter with, and REFUNDED."""

    PENDING = "PENDING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    REFUNDED = "REFUNDED"


@dataclass(frozen=True, slots=True)
class Transaction:
    """An order, or a refund (negative amount). Each is published once, keyed by its user."""

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
        """What makes a second copy of this event the same event: another user's is not, even on the same partition."""
        return f"{self.order_id} {self.user_id}"


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


@dataclass(frozen=True, slots=True)
class TransactionCorrected:
    """A telling of an order is not what counts for it; the fields up to timestamp are those of the telling."""

    order_id: str
    user_id: int
    amount: float
    status: Status
    timestamp: datetime
    correction: Correction
    origin: str
    """where the telling that brought this about stands, as topic[partition]@offset"""

    @property
    def cents(self) -> int:
        return to_cents(self.amount)

    @property
    def identity(self) -> str:
        return f"{self.origin} {self.correction}"

    @property
    def telling(self) -> Transaction:
        return Transaction(self.order_id, self.user_id, self.amount, self.status, self.timestamp)
