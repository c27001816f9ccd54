import signal
from pathlib import Path
from threading import Event
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from streaming.connect import Connect, ConnectFailed, Connector


class Command(BaseCommand):
    help = "Create or update connectors in Kafka Connect, and wait until they run; what is as it should be stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "files", nargs="*", type=Path, help="connectors to deploy (those in connectors/ that the settings want)"
        )
        parser.add_argument("--timeout", type=float, default=90, help="seconds to wait for each at the most (90)")
        parser.add_argument(
            "--restart-failed",
            action="store_true",
            help="instead of deploying, keep watch over all connectors, and start what has failed again, until ended",
        )
        parser.add_argument("--every", type=float, default=10, help="seconds between looks of that watch (10)")

    def handle(
        self, *args: Any, files: list[Path], timeout: float, restart_failed: bool, every: float, **options: Any
    ) -> None:
        if not settings.CONNECT_URL:
            raise CommandError(
                "CONNECT_URL is empty: set it to the address of Kafka Connect, such as http://127.0.0.1:8083."
            )
        connect = Connect(settings.CONNECT_URL, settings.CA_FILE)
        if restart_failed:
            self.keep_watch(connect, every)
            return
        for file in files or wanted_files():
            connector = Connector.read(file)
            try:
                changed = connect.deploy(connector, timeout)
            except ConnectFailed as failed:
                raise CommandError(str(failed)) from failed
            self.stdout.write(f"{connector.name} runs{'' if changed else ', as before'}")

    def keep_watch(self, connect: Connect, every: float) -> None:
        stopped = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        while not stopped.is_set():
            try:
                for name in connect.names():
                    for part in connect.restart_failed(name):
                        self.stdout.write(f"{part} of {name} had failed and is started again")
            except ConnectFailed as failed:
                # Connect itself is somebody else's to start.
                self.stderr.write(str(failed))
            stopped.wait(every)


def wanted_files() -> list[Path]:
    """The files of the connectors that belong to the platform as the settings have it."""
    folder = settings.BASE_DIR / "connectors"
    sink = ["elasticsearch-sink"] if settings.INDEXED_BY == "connect" else []
    return [folder / f"{name}.json" for name in ("transactions-cdc", "outbox", *sink)]
