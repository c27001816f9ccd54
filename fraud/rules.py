"""Which transactions are suspicious. Pure."""

from typing import Any

import events

AMOUNT_ABOVE_LIMIT = "amount-above-limit"


def suspicions(event: events.Transaction, limit_cents: int) -> str | None:
    """The name of the rule that a transaction breaks, or None; a refund never breaks one.

    An amount at the limit itself is still within it.
    """
    return AMOUNT_ABOVE_LIMIT if exceeds(event.cents, limit_cents) else None


def exceeds(cents: Any, limit_cents: int) -> Any:
    """Whether an amount breaks the rule; cents: of one transaction, or a column of them, which makes the answer one."""
    return cents > max(limit_cents, 0)
