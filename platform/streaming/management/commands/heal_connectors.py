from typing import Any

from confluent_kafka import KafkaException
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from streaming.clients import NotDelivered
from streaming.connectors.connect import ConnectFailed
from streaming.connectors.healing import NothingToHeal, configured


class Command(BaseCommand):
    help = (
        "Bring back failed connectors: start their tasks again, and let those begin anew whose place in MySQL's binlog "
        "is gone; publish what the outbox holds and no topic has. May be run again at any time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--anew",
            action="append",
            default=[],
            metavar="CONNECTOR",
            help="let this one begin anew, whatever it says: transactions-cdc by a new snapshot, outbox from now on",
        )
        parser.add_argument("--timeout", type=float, default=90, help="seconds for each to run again (90)")

    def handle(self, *args: Any, anew: list[str], timeout: float, **options: Any) -> None:
        if not settings.CONNECT_URL:
            raise CommandError("CONNECT_URL is empty: there is no Kafka Connect here, and so no connector to heal.")
        try:
            configured(self.stdout.write, timeout).heal(anew)
        except (ConnectFailed, NothingToHeal, NotDelivered) as refused:
            raise CommandError(str(refused)) from refused
        except (KafkaException, TimeoutError) as error:
            raise CommandError(
                f"Kafka does not answer: {error}. Run this again once it does; nothing is lost meanwhile."
            ) from error
