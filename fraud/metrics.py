"""What the fraud worker counts beside what every worker does; what `run_monitor` exports of the investigators' desk."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import product

from django.utils import timezone
from prometheus_client import Counter
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric

from events import AlertStatus
from fraud.buckets import LONGER, RESOLVED_WITHIN
from fraud.cases import CLOSED
from fraud.models import AlertCount, DecisionTime
from fraud.rules import AMOUNT_ABOVE_LIMIT
from fraud.selectors import oldest_open
from streaming.telemetry.metrics import REGISTRY

RULES = frozenset({AMOUNT_ABOVE_LIMIT})

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
    counts = {(each.rule, each.status): each.alerts for each in AlertCount.objects.all()}
    family = GaugeMetricFamily(
        "platform_fraud_alerts", "Fraud alerts in the database, by rule and state.", labels=["rule", "state"]
    )
    for rule, state in product(sorted(RULES | {rule for rule, _ in counts}), AlertStatus):
        family.add_metric([rule, state], counts.get((rule, state), 0))
    return family


def _oldest_open() -> Metric:
    # The rules that there are alerts of, each of whose oldest the index has at its beginning.
    rules = sorted(RULES | set(AlertCount.objects.values_list("rule", flat=True)))
    family = GaugeMetricFamily(
        "platform_fraud_oldest_open_seconds",
        "Age of the oldest fraud alert that is not closed, in seconds; 0: none is open.",
        labels=["rule"],
    )
    for rule in rules:
        raised, now = oldest_open(rule), timezone.now()
        family.add_metric([rule], max(0.0, (now - raised).total_seconds()) if raised else 0.0)
    return family


def _resolutions() -> Metric:
    """A histogram of the time from raising an alert to each decision on it; one decided anew counts again."""
    found: dict[tuple[str, str], list[DecisionTime]] = defaultdict(list)
    for row in DecisionTime.objects.all():
        found[row.rule, row.outcome].append(row)
    family = HistogramMetricFamily(
        "platform_fraud_resolution_seconds",
        "Time from raising a fraud alert to each decision on it, in seconds.",
        labels=["rule", "outcome"],
    )
    for rule, outcome in product(sorted(RULES | {rule for rule, _ in found}), sorted(CLOSED)):
        rows = found[rule, outcome]
        buckets = [
            (str(float(limit)), sum(row.decisions for row in rows if row.within != LONGER and row.within <= limit))
            for limit in RESOLVED_WITHIN
        ]
        family.add_metric(
            [rule, outcome],
            [*buckets, ("+Inf", sum(row.decisions for row in rows))],
            sum_value=sum(row.micros for row in rows) / 1_000_000,
        )
    return family
