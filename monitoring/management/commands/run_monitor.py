from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandParser
from django.db import Error, close_old_connections

import fraud.metrics
import notifications.delivery
import notifications.metrics
import reconciliation.metrics
from monitoring import certificates
from monitoring.database_metrics import DatabaseMetrics
from monitoring.exporter import Exporter
from monitoring.known_groups import KnownGroups
from monitoring.observation import Outage
from monitoring.observer import Observer
from monitoring.services import store_snapshot
from streaming import topology
from streaming.connectors.wanted import groups_out_of_use
from streaming.inspecting import outbox_lag
from streaming.shutdown import shutdown_requested
from streaming.telemetry import metrics

log = structlog.get_logger(__name__)
PORT = 9308
"""Where kafka_exporter listens."""
INTERVAL_SECONDS = 2
SOURCES = (
    fraud.metrics.desk,
    notifications.metrics.heartbeat,
    notifications.delivery.figures,
    reconciliation.metrics.last_run,
    outbox_lag.outbox,
    certificates.expiry,
)
"""Whose metrics are served beside those of Kafka: figures that stand in the database, or in files."""


class Command(BaseCommand):
    help = "Watch the Kafka cluster and its consumer groups: for the API, and for Prometheus as kafka_exporter would."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--interval",
            type=float,
            default=INTERVAL_SECONDS,
            help=f"seconds between two observations ({INTERVAL_SECONDS})",
        )
        metrics.add_arguments(parser, port=PORT)

    def handle(self, *args: Any, interval: float, metrics_port: int, metrics_address: str, **options: Any) -> None:
        stopped = shutdown_requested()
        known = KnownGroups(topology.readers(), groups_out_of_use())
        exporter = Exporter(Observer(known=known))
        database_metrics = DatabaseMetrics(SOURCES)
        if metrics_port:
            metrics.serve([exporter, database_metrics], metrics_port, metrics_address)
        while not stopped.is_set():
            close_old_connections()
            observe(exporter)
            database_metrics.read()
            stopped.wait(interval)


def observe(exporter: Exporter) -> None:
    """Observe the cluster, and write it down for the API."""
    observed = exporter.observe()
    if isinstance(observed, Outage):
        log.warning("Kafka cannot be observed", why=observed.why)
    try:
        store_snapshot(observed=observed, seconds=exporter.seconds)
    except Error as error:
        # Prometheus is served also while the database is away; the API says meanwhile that it does not know.
        log.warning("the snapshot is not written down", error=str(error))
