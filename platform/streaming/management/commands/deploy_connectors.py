from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from streaming import clients
from streaming.connectors import wanted
from streaming.connectors.connect import Connect, ConnectFailed, Connector
from streaming.consumer_groups import StillInUse, delete_group
from streaming.shutdown import shutdown_requested


class Command(BaseCommand):
    help = (
        "Create or update connectors in Kafka Connect, and wait until they run; what is as it should be stays, and "
        "those of ours that the settings do not want are taken away, with their consumer groups."
    )

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
        try:
            if not files:
                self.clean_up(connect, timeout)
            for connector in map(Connector.read, files) if files else wanted.wanted():
                changed = connect.deploy(connector, timeout)
                if connector.name == wanted.OUTBOX:
                    # It carries what is written from its first place on: until it has one, nobody may write.
                    connect.wait_for_place(connector.name, timeout)
                self.stdout.write(f"{connector.name} runs{'' if changed else ', as before'}")
        except (ConnectFailed, StillInUse) as failed:
            raise CommandError(str(failed)) from failed

    def clean_up(self, connect: Connect, timeout: float) -> None:
        """Take away what the settings do not want any more: its lag would grow for ever."""
        deployed = connect.names()
        for connector in wanted.out_of_use():
            if connector.name in deployed:
                connect.delete(connector.name)
                self.stdout.write(f"{connector.name} is taken away: the settings do not want it")
        for group in wanted.groups_out_of_use():
            if delete_group(clients.admin(), group, timeout):
                self.stdout.write(f"the consumer group {group} is deleted: nobody reads in it any more")

    def keep_watch(self, connect: Connect, every: float) -> None:
        stopped = shutdown_requested()
        while not stopped.is_set():
            try:
                for name in connect.names():
                    for part in connect.restart_failed(name):
                        self.stdout.write(f"{part} of {name} had failed and is started again")
            except ConnectFailed as failed:
                # Connect itself is somebody else's to start.
                self.stderr.write(str(failed))
            stopped.wait(every)
