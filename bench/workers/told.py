"""What a worker has left in the database that DATABASE_URL names.

python -m bench.workers.told WORKER FILE        writes an array: totals of the aggregator, of the others count and cents
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import django
import numpy as np
from numpy.typing import NDArray

from bench.workers.orders import TOTAL

AT_ONCE = 50_000


def main() -> None:
    parser = argparse.ArgumentParser("python -m bench.workers.told")
    parser.add_argument("worker", choices=LEFT)
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    django.setup()
    np.save(options.file, LEFT[options.worker]())


def totals() -> NDArray[Any]:
    return np.fromiter(_totals(), TOTAL)


def _totals() -> Iterator[tuple[int, ...]]:
    from analytics.models import HourlyTotal

    columns = "user_id", "hour", "total_cents", "transaction_count", "settled_cents", "failed_cents"
    for user, hour, *sums in HourlyTotal.objects.values_list(*columns).iterator(AT_ONCE):
        yield (user, int(hour.timestamp()) // 3600, *sums)


def alerts() -> NDArray[Any]:
    from fraud.models import FraudAlert

    return _count_and_cents(FraudAlert.objects.values_list("amount", flat=True).iterator(AT_ONCE))


def transactions() -> NDArray[Any]:
    from transactions.models import Transaction

    return _count_and_cents(Transaction.objects.values_list("amount", flat=True).iterator(AT_ONCE))


def _count_and_cents(amounts: Iterator[Any]) -> NDArray[Any]:
    cents = [int(amount * 100) for amount in amounts]
    return np.array([len(cents), sum(cents)])


def notifications() -> NDArray[Any]:
    """They are texts, and have no cents."""
    from notifications.models import Notification

    return np.array([Notification.objects.count(), 0])


LEFT: dict[str, Callable[[], NDArray[Any]]] = {
    "aggregator": totals,
    "fraud": alerts,
    "recorder": transactions,
    "notifier": notifications,
}

if __name__ == "__main__":
    main()
