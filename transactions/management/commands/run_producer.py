import gzip
import random
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

import events
from streaming.send import send_to_topics
from transactions.simulator import BadRow, mock_orders, purchases

CHUNKS_PER_SECOND = 10
REPLAY_CHUNK = 1000


class Command(BaseCommand):
    help = "Send orders straight to the topic `transactions`: mock ones at a rate, or real ones from a file."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--rate", type=_positive, help="mock orders a second")
        what.add_argument("--replay", type=Path, metavar="FILE.csv", help="send a file's orders instead (.gz too)")
        parser.add_argument("--count", type=_positive_int, help="stop after so many orders")
        parser.add_argument("--seed", type=int, help="the same seed and start give the same orders")
        parser.add_argument("--start", type=_moment, help="timestamp of the first mock order (default: now)")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stopped = Event()
        self.acknowledged = self.show_acknowledgement if options["verbosity"] > 1 else ignore
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopped.set())
        if options["replay"]:
            sent = self.replay(options["replay"], options["count"])
        else:
            sent = self.simulate(options["rate"], options["count"], options["seed"], options["start"])
        self.stdout.write(f"{sent} orders sent and acknowledged.")

    def simulate(self, rate: float, count: int | None, seed: int | None, start: datetime | None) -> int:
        if start and start > datetime.now(UTC):
            raise CommandError(f"--start {start.isoformat()} is in the future: orders have been placed.")
        if seed is None:
            seed = random.SystemRandom().getrandbits(32)
        self.stdout.write(f"Sending {rate:g} mock orders a second with seed {seed}.")
        orders = islice(mock_orders(seed=seed, start=start or datetime.now(UTC), per_second=rate), count)
        return self.send(orders, chunk=max(1, round(rate / CHUNKS_PER_SECOND)), rate=rate)

    def replay(self, file: Path, count: int | None) -> int:
        try:
            with gzip.open(file, "rt") if file.suffix == ".gz" else file.open() as lines:
                return self.send(islice(purchases(lines, prefix=file.name.split(".")[0]), count), chunk=REPLAY_CHUNK)
        except (OSError, BadRow) as error:
            raise CommandError(f"{file}: {error}") from error

    def send(self, orders: Iterator[events.Transaction], *, chunk: int, rate: float | None = None) -> int:
        """Send the orders in chunks, each when its last order has been placed; returns how many were acknowledged."""
        began, sent = monotonic(), 0
        while part := list(islice(orders, chunk)):
            placed = began + (sent + len(part) - 1) / rate if rate else began
            if self.stopped.wait(max(0.0, placed - monotonic())):
                break
            sent += send_to_topics(part, self.acknowledged)
        return sent

    def show_acknowledgement(self, words: str) -> None:
        self.stdout.write(f"acknowledged: {words}")


def ignore(words: str) -> None:
    """For who does not want to know."""


def _positive(raw: str) -> float:
    if not 0 < (number := float(raw)) <= 1_000_000:
        raise ValueError(raw)
    return number


def _positive_int(raw: str) -> int:
    if (number := int(raw)) < 1:
        raise ValueError(raw)
    return number


def _moment(raw: str) -> datetime:
    moment = datetime.fromisoformat(raw)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
