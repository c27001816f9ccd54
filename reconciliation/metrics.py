"""How the last comparison went, for Prometheus, through `run_monitor`; docs/metrics.md says what each name means."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from reconciliation.models import ComparisonRun


def last_run() -> Iterator[Metric]:
    """What was never compared has no series."""
    runs = list(ComparisonRun.objects.all())
    mismatches = GaugeMetricFamily(
        "platform_reconciliation_mismatches",
        "Mismatches that the last comparison of two stages found and left.",
        labels=["comparison"],
    )
    for run in runs:
        mismatches.add_metric([run.comparison], run.mismatches)
    yield mismatches
    if runs:
        oldest = min(run.at for run in runs).timestamp()
        yield GaugeMetricFamily(
            "platform_reconciliation_timestamp_seconds",
            "When the oldest of the stages' last comparisons ended, in seconds since 1970.",
            value=oldest,
        )
