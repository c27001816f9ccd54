"""The figures of the desk, kept by whatever changes alerts: docs/decisions/0040."""

from collections import Counter
from datetime import timedelta

from database.sums import add_to_sums
from events import AlertStatus
from fraud.buckets import bucket_of
from fraud.cases import CLOSED
from fraud.models import AlertCount, AlertEntry, DecisionTime, FraudAlert


class Tally:
    """What a change of alerts adds to the figures.

    To be written once, as the last thing in the database transaction that changes the alerts: all who change any want
    these rows, and whoever has them waits for nobody.
    """

    def __init__(self) -> None:
        self._alerts: Counter[tuple[str, str]] = Counter()
        self._decisions: Counter[tuple[str, str, int]] = Counter()
        self._took: Counter[tuple[str, str, int]] = Counter()

    def raised(self, alert: FraudAlert) -> None:
        self._alerts[alert.rule, alert.status] += 1

    def changed(self, alert: FraudAlert, entry: AlertEntry) -> None:
        """entry: the line of history that the change has left."""
        if entry.status == entry.previous_status:
            return
        self._alerts[alert.rule, entry.previous_status] -= 1
        self._alerts[alert.rule, entry.status] += 1
        if AlertStatus(entry.status) in CLOSED and AlertStatus(entry.previous_status) not in CLOSED:
            self._decided(alert, entry)

    def _decided(self, alert: FraudAlert, entry: AlertEntry) -> None:
        took = entry.at - alert.raised_at
        key = alert.rule, entry.status, bucket_of(took)
        self._decisions[key] += 1
        self._took[key] += took // timedelta(microseconds=1)

    def write(self) -> None:
        counts = [(*key, number) for key, number in sorted(self._alerts.items()) if number]
        add_to_sums(AlertCount, key=["rule", "status"], sums=["alerts"], rows=counts)
        times = [(*key, number, self._took[key]) for key, number in sorted(self._decisions.items())]
        add_to_sums(DecisionTime, key=["rule", "outcome", "within"], sums=["decisions", "micros"], rows=times)
