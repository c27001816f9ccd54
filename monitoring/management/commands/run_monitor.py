import signal
from threading import Event
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections

from monitoring.exporter import Exporter
from monitoring.known import KnownGroups
from monitoring.observation import Outage
from monitoring.watch import Watch
from streaming import metrics
from streaming.commands import workers

log = structlog.get_logger(__name__)
PORT = 9308
"""Where kafka_exporter listens."""


class Command(BaseCommand):
    help = "Watch the Kafka cluster and its consumer groups, and serve what kafka_exporter would, with verdicts."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--interval", type=float, default=5, help="seconds between two looks (5)")
        metrics.add_arguments(parser, port=PORT)

    def handle(self, *args: Any, interval: float, metrics_port: int, metrics_address: str, **options: Any) -> None:
        stopped = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        exporter = Exporter(Watch(known=KnownGroups({worker.group: worker.topics for worker in workers()})))
        if metrics_port:
            metrics.serve(exporter, metrics_port, metrics_address)
        while not stopped.is_set():
            close_old_connections()
            observed = exporter.look()
            if isinstance(observed, Outage):
                log.warning("Kafka cannot be observed", why=observed.why)
            stopped.wait(interval)
