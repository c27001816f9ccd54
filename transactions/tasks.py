import random
from datetime import UTC, datetime, timedelta
from itertools import islice

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from events import ChangedStatus
from streaming.send import send_to_topics
from transactions.models import Transaction
from transactions.services import change_status
from transactions.simulator import mock_orders, outcome

DECIDED_AFTER = timedelta(seconds=15)


@shared_task
def simulate_traffic() -> int:
    """Send one interval's mock orders straight to the topic, and decide earlier ones; returns how many were sent."""
    chance = random.SystemRandom()
    rate = settings.SIMULATED_ORDERS_PER_SECOND
    orders = mock_orders(seed=chance.getrandbits(64), start=datetime.now(UTC), per_second=rate)
    sent = send_to_topics(islice(orders, rate * settings.SIMULATION_EVERY_SECONDS))
    for order_id in _pending(limit=rate):
        for status in outcome(chance):
            change_status(order_id=order_id, status=status)
    return sent


def _pending(limit: int) -> list[str]:
    """The oldest orders that have been pending for a while."""
    pending = Transaction.objects.filter(status=ChangedStatus.PENDING, recorded_at__lt=timezone.now() - DECIDED_AFTER)
    return list(pending.order_by("id").values_list("order_id", flat=True)[:limit])
