from time import perf_counter
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import close_old_connections

from streaming import clients
from streaming.carriers import OutboxCarriedBy
from streaming.producing.relay import relay_once
from streaming.shutdown import shutdown_requested
from streaming.telemetry import metrics

log = structlog.get_logger(__name__)


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Carry the outbox to its topics, in order; for where no Debezium runs. Run one of it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--pause", type=float, default=0.05, help="seconds between looks at an empty outbox (0.05)")
        parser.add_argument("--batch-size", type=int, default=1000, help="rows sent at a time (1000)")
        metrics.add_arguments(parser)

    def handle(self, *args: Any, pause: float, batch_size: int, **options: Any) -> None:
        if settings.OUTBOX_CARRIED_BY != OutboxCarriedBy.RUN_RELAY:
            raise CommandError(
                f"OUTBOX_CARRIED_BY={settings.OUTBOX_CARRIED_BY}: Kafka Connect carries the outbox already, and this "
                "would send everything a second time. Set it to run_relay where no Debezium runs."
            )
        stopped = shutdown_requested()
        served = metrics.serve_worker("relay", options["metrics_port"], options["metrics_address"])
        producer = clients.producer(**served.client_options())
        while not stopped.is_set():
            close_old_connections()
            producer.poll(0)  # takes the statistics, also while there is nothing to send
            began = perf_counter()
            if sent := relay_once(producer, batch_size):
                served.sent(sent, perf_counter() - began)
            else:
                stopped.wait(pause)
