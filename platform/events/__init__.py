"""What happened in the shop, as frozen dataclasses that mirror schemas/*.avsc. Standard library only."""

from events.fraud import AlertChange, AlertStatus, FraudAlert
from events.plausibility import ImpossibleEvent, check_plausible
from events.transactions import (
    ChangedStatus,
    Correction,
    Status,
    Transaction,
    TransactionCorrected,
    TransactionStatusChanged,
)

__all__ = [
    "AlertChange",
    "AlertStatus",
    "ChangedStatus",
    "Correction",
    "FraudAlert",
    "ImpossibleEvent",
    "Status",
    "Transaction",
    "TransactionCorrected",
    "TransactionStatusChanged",
    "check_plausible",
]
