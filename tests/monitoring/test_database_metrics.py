"""What other apps tell through run_monitor."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import OperationalError
from prometheus_client.core import GaugeMetricFamily, Metric

from monitoring.database_metrics import EVERY_SECONDS, DatabaseMetrics


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def values(metrics: DatabaseMetrics) -> list[float]:
    return [sample.value for metric in metrics.collect() for sample in metric.samples]


def test_rows_are_counted_no_more_often_than_prometheus_asks() -> None:
    clock, counted = Clock(), 0

    def rows() -> Iterator[Metric]:
        nonlocal counted
        counted += 1
        yield GaugeMetricFamily("rows", "", value=counted)

    metrics = DatabaseMetrics([rows], clock)
    assert values(metrics) == []
    for clock.now in (100.0, 101.0, 100.0 + EVERY_SECONDS - 0.1):
        metrics.read()
        assert values(metrics) == [1]
    clock.now = 100.0 + EVERY_SECONDS
    metrics.read()
    assert values(metrics) == [2]


def test_a_source_that_cannot_be_read_falls_silent_and_the_others_go_on() -> None:
    clock, is_away = Clock(), False

    def rows() -> Iterator[Metric]:
        if is_away:
            raise OperationalError("MySQL has gone away")
        yield GaugeMetricFamily("rows", "", value=1)

    def others() -> Iterator[Metric]:
        yield GaugeMetricFamily("others", "", value=2)

    metrics = DatabaseMetrics([rows, others], clock)
    metrics.read()
    assert values(metrics) == [1, 2]
    is_away, clock.now = True, 10.0
    metrics.read()
    assert values(metrics) == [2]
    is_away, clock.now = False, 20.0
    metrics.read()
    assert values(metrics) == [1, 2]
