"""What `run_monitor` exports of alerting itself."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from notifications import selectors


def heartbeat() -> Iterator[Metric]:
    """When alerts were last proven to arrive."""
    last = selectors.last_heartbeat()
    yield GaugeMetricFamily(
        "platform_watchdog_timestamp_seconds",
        "When the watchdog's alert last arrived through Alertmanager, in seconds since 1970; 0: never.",
        value=last.timestamp() if last else 0,
    )
