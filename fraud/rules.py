"""Which transactions are suspicious. Pure."""

import events

AMOUNT_ABOVE_LIMIT = "amount-above-limit"


def suspicions(event: events.Transaction, limit_cents: int) -> str | None:
    """The name of the rule that a transaction breaks, or None; a refund never breaks one.

    An amount at the limit itself is still within it.
    """
    return AMOUNT_ABOVE_LIMIT if event.cents > max(limit_cents, 0) else None
