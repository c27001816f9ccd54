"""What the fraud worker counts beside what every worker does; what `run_monitor` exports of the investigators' desk."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any

from django.db.models import Count, DurationField, ExpressionWrapper, F, Min, Q, Sum
from django.utils import timezone
from prometheus_client import Counter
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric

from events import AlertStatus
from fraud.cases import CLOSED
from fraud.models import AlertEntry, FraudAlert
from fraud.rules import AMOUNT_ABOVE_LIMIT
from streaming.telemetry.metrics import REGISTRY

RULES = frozenset({AMOUNT_ABOVE_LIMIT})
MINUTE, HOUR, DAY = 60, 3600, 86400
RESOLVED_WITHIN = (5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, DAY, 3 * DAY, 7 * DAY)
"""Seconds, the histogram's buckets."""

ALERTS_RAISED = Counter(
    "platform_worker_alerts_raised", "Fraud alerts raised by this worker.", ["rule"], registry=REGISTRY
)
# There from the start, so that the first alert is seen as an increase.
ALERTS_RAISED.labels(AMOUNT_ABOVE_LIMIT)


def desk() -> Iterator[Metric]:
    """How many alerts are in which state, how old the oldest open one is, and how long decisions took."""
    yield _states()
    yield _oldest_open()
    yield _resolutions()


def _states() -> Metric:
    rows = FraudAlert.objects.order_by().values_list("rule", "status").annotate(Count("pk"))
    counts = {(rule, status): count for rule, status, count in rows}
    family = GaugeMetricFamily(
        "platform_fraud_alerts", "Fraud alerts in the database, by rule and state.", labels=["rule", "state"]
    )
    for rule, state in product(sorted(RULES | {rule for rule, _ in counts}), AlertStatus):
        family.add_metric([rule, state], counts.get((rule, state), 0))
    return family


def _oldest_open() -> Metric:
    rows = FraudAlert.objects.exclude(status__in=CLOSED).order_by().values_list("rule").annotate(Min("raised_at"))
    raised, now = dict(rows), timezone.now()
    family = GaugeMetricFamily(
        "platform_fraud_oldest_open_seconds",
        "Age of the oldest fraud alert that is not closed, in seconds; 0: none is open.",
        labels=["rule"],
    )
    for rule in sorted(RULES | set(raised)):
        family.add_metric([rule], max(0.0, (now - raised.get(rule, now)).total_seconds()))
    return family


def _resolutions() -> Metric:
    """A histogram of the time from raising an alert to each decision on it; one decided anew counts again."""
    took = ExpressionWrapper(F("at") - F("alert__raised_at"), DurationField())
    decisions = AlertEntry.objects.filter(status__in=CLOSED).exclude(previous_status__in=CLOSED).annotate(took=took)
    rows = decisions.order_by().values("alert__rule", "status").annotate(
        count=Count("pk"),
        sum=Sum("took"),
        **{f"within_{limit}": Count("pk", filter=Q(took__lte=timedelta(seconds=limit))) for limit in RESOLVED_WITHIN},
    )  # fmt: skip
    found: dict[tuple[str, str], Any] = {(row["alert__rule"], row["status"]): row for row in rows}
    family = HistogramMetricFamily(
        "platform_fraud_resolution_seconds",
        "Time from raising a fraud alert to each decision on it, in seconds.",
        labels=["rule", "outcome"],
    )
    for rule, outcome in product(sorted(RULES | {rule for rule, _ in found}), sorted(CLOSED)):
        row = found.get((rule, outcome))
        buckets = [(str(float(limit)), row[f"within_{limit}"] if row else 0) for limit in RESOLVED_WITHIN]
        family.add_metric(
            [rule, outcome],
            [*buckets, ("+Inf", row["count"] if row else 0)],
            sum_value=row["sum"].total_seconds() if row else 0.0,
        )
    return family
