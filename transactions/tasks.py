import random
from datetime import UTC, datetime, timedelta
from itertools import islice

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from events import ChangedStatus
from events.money import from_cents, to_cents
from streaming.producing.publish import send_to_topics
from transactions.models import Transaction
from transactions.refund_rules import Reason
from transactions.refunds import refund_order
from transactions.services import change_status
from transactions.simulator import MOCK_ID, MOCK_PREFIX, mock_orders, outcome, part_given_back

DECIDED_AFTER = timedelta(seconds=15)


@shared_task
def simulate_traffic() -> int:
    """Send the mock orders of the interval that has passed straight to the topic, and decide earlier mock ones.

    Returns how many were sent.
    """
    chance = random.SystemRandom()
    rate = settings.SIMULATED_ORDERS_PER_SECOND
    start = datetime.now(UTC) - timedelta(seconds=settings.SIMULATION_EVERY_SECONDS)
    orders = mock_orders(seed=chance.getrandbits(64), start=start, per_second=rate)
    sent = send_to_topics(islice(orders, rate * settings.SIMULATION_EVERY_SECONDS))
    for order_id in _pending(limit=rate):
        _decide(order_id, chance)
    return sent


def _decide(order_id: str, chance: random.Random) -> None:
    for status in outcome(chance):
        row = change_status(order_id=order_id, status=status).transaction
        if status == ChangedStatus.SUCCESS and (cents := part_given_back(chance, to_cents(row.amount))):
            refund_order(order_id=order_id, amount=from_cents(cents), reason=Reason.RETURNED)


def _pending(limit: int) -> list[str]:
    """The oldest mock orders that have been pending for a while; what others ordered is theirs to decide."""
    # Between the two lies what begins with the prefix: it spares the others the regular expression.
    mock = Transaction.objects.filter(order_id__gt=MOCK_PREFIX, order_id__lt=f"{MOCK_PREFIX}~", order_id__regex=MOCK_ID)
    pending = mock.filter(status=ChangedStatus.PENDING, recorded_at__lt=timezone.now() - DECIDED_AFTER)
    return list(pending.order_by("id").values_list("order_id", flat=True)[:limit])
