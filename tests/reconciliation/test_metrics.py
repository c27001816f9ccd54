from collections.abc import Iterator

import pytest
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from monitoring.management.commands.run_monitor import SOURCES
from native.driving.scraping import Scrape, documented
from reconciliation.comparison import Comparison, Result
from reconciliation.metrics import last_run
from reconciliation.services import keep


class LastRun(Collector):
    def collect(self) -> Iterator[Metric]:
        return last_run()


def served() -> Scrape:
    registry = CollectorRegistry()
    registry.register(LastRun())
    return Scrape(generate_latest(registry).decode())


@pytest.mark.django_db
def test_the_last_comparison_is_told_under_documented_names() -> None:
    assert served().samples == []
    began = timezone.now().timestamp()
    keep(results=[Result(Comparison.ROWS, 9, 8, 1), Result(Comparison.TOTALS, 9, 9)])
    keep(results=[Result(Comparison.ROWS, 9, 7, 2)])
    told = served()
    assert told.families() == documented("Reconciliation")
    assert told.value("platform_reconciliation_mismatches", comparison="rows") == 2
    assert told.value("platform_reconciliation_mismatches", comparison="totals") == 0
    assert began <= told.value("platform_reconciliation_timestamp_seconds") <= timezone.now().timestamp()


def test_run_monitor_serves_it() -> None:
    assert last_run in SOURCES
