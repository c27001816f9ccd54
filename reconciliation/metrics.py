"""How the last comparison went, for Prometheus; docs/metrics.md says what each name means."""

from collections.abc import Iterator

from django.db import close_old_connections
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from reconciliation.models import ComparisonRun


class LastRun(Collector):
    """Asks the database at each scrape. What was never compared has no series."""

    def collect(self) -> Iterator[Metric]:
        # Prometheus is answered from a thread of its own, whose connection nobody else looks after.
        close_old_connections()
        runs = list(ComparisonRun.objects.all())
        close_old_connections()
        mismatches = GaugeMetricFamily(
            "platform_reconciliation_mismatches", "Mismatches found by the last comparison.", labels=["comparison"]
        )
        for run in runs:
            mismatches.add_metric([run.comparison], run.mismatches)
        yield mismatches
        if runs:
            oldest = min(run.at for run in runs).timestamp()
            yield GaugeMetricFamily(
                "platform_reconciliation_timestamp_seconds", "Since when everything has been compared.", value=oldest
            )
