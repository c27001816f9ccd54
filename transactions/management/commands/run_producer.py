import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from streaming.clients import NotDelivered
from streaming.column_encoding import OrderColumns
from streaming.producing.pipelining import Pipeline, Records, records_of, records_of_rows
from streaming.shutdown import shutdown_requested
from streaming.topics import Topic
from transactions import replay
from transactions.cells import Wrong
from transactions.purchase_files import read_purchases
from transactions.purchases import Purchases
from transactions.sheets import Unreadable, open_sheet
from transactions.simulator import mock_blocks

PORTIONS_PER_SECOND = 50
"""at the most: what is placed within one of these intervals is sent together"""
REPLAY_PORTION = 1000


class Command(BaseCommand):
    help = "Send orders straight to the topic `transactions`: mock ones at a rate, or real ones from a file."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--rate", type=_positive, help="mock orders a second")
        what.add_argument("--replay", type=Path, metavar="FILE.csv", help="send a file's orders instead")
        parser.add_argument("--count", type=_positive_int, help="stop after so many orders")
        parser.add_argument("--seed", type=_natural, help="the same seed and start give the same orders")
        parser.add_argument("--start", type=_moment, help="timestamp of the first mock order (default: now)")
        replay.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        self.stopped = shutdown_requested()
        self.acknowledged = self.show_acknowledgement if options["verbosity"] > 1 else None
        if options["replay"]:
            sent = self.replay(options["replay"], options["count"], options)
        elif said := [name for name in replay.ONLY_WITH_REPLAY if options.get(name)]:
            raise CommandError(f"--{said[0].replace('_', '-')} says how to read a file: it needs --replay.")
        else:
            sent = self.simulate(options["rate"], options["count"], options["seed"], options["start"])
        self.stdout.write(f"{sent} orders sent and acknowledged.")

    def simulate(self, rate: float, count: int | None, seed: int | None, start: datetime | None) -> int:
        if start and start > datetime.now(UTC):
            raise CommandError(f"--start {start.isoformat()} is in the future: orders have been placed.")
        if seed is None:
            seed = random.SystemRandom().getrandbits(32)
        self.stdout.write(f"Sending {rate:g} mock orders a second with seed {seed}.")
        blocks = mock_blocks(seed=seed, start=start or datetime.now(UTC), per_second=rate)
        portions = in_portions(blocks, max(1, round(rate / PORTIONS_PER_SECOND)), count)
        try:
            return self.send(map(records_of, portions), rate=rate)
        except NotDelivered as error:
            raise CommandError(str(error)) from error

    def replay(self, file: Path, count: int | None, options: Mapping[str, Any]) -> int:
        """Read the whole file, then send its orders, if it is sound or what is not was set aside."""
        try:
            purchases = self.purchases(file, options)
        except Wrong as wrong:
            raise CommandError(f"{wrong}.") from wrong
        except (OSError, Unreadable) as error:
            raise CommandError(f"{file}: {error}") from error
        try:
            orders = islice(purchases, count)
            return self.send(map(records_of_rows, iter(lambda: list(islice(orders, REPLAY_PORTION)), [])))
        except NotDelivered as error:
            raise CommandError(f"{error} Send the file again: orders that are there already are recognised.") from error

    def purchases(self, file: Path, options: Mapping[str, Any]) -> Purchases:
        """The orders of a file; raises Wrong, Unreadable and OSError."""
        reading = replay.reading(options)
        sheet = open_sheet(file, reading.wanted)
        found = read_purchases(sheet, reading, datetime.now(UTC))
        if found.bad:
            if (aside := options.get("skip_bad")) is None:
                raise Unreadable(replay.refusal(sheet, found))
            written = replay.set_aside(sheet, reading, found, aside)
            self.stdout.write(f"{written} of {found.rows} rows are set aside in {aside}, with the reasons.")
        if not found.purchases:
            raise Unreadable(f"holds no order (read as {sheet.form}).")
        return found.purchases

    def send(self, portions: Iterator[Records], *, rate: float | None = None) -> int:
        """Send each portion when its last order has been placed; returns how many orders were acknowledged."""
        pipeline = Pipeline(Topic.TRANSACTIONS, self.acknowledged)
        began = monotonic()
        for records in portions:
            last = pipeline.sent + len(records[0]) - 1
            if self.stopped.wait(max(0.0, began + last / rate - monotonic()) if rate else 0):
                break
            pipeline.send(records)
        return pipeline.finish()

    def show_acknowledgement(self, words: str) -> None:
        self.stdout.write(f"acknowledged: {words}")


def in_portions(blocks: Iterator[OrderColumns], size: int, most: int | None) -> Iterator[OrderColumns]:
    """The orders of blocks, no more than `most`, in portions of this size or smaller: none is of two blocks."""
    left = most
    for block in blocks:
        orders = block[:left]
        for begin in range(0, len(orders), size):
            yield orders[begin : begin + size]
        if left is not None and not (left := left - len(orders)):
            return


def _positive(raw: str) -> float:
    if not 0 < (number := float(raw)) <= 1_000_000:
        raise ValueError(raw)
    return number


def _positive_int(raw: str) -> int:
    if (number := int(raw)) < 1:
        raise ValueError(raw)
    return number


def _natural(raw: str) -> int:
    if (number := int(raw)) < 0:
        raise ValueError(raw)
    return number


def _moment(raw: str) -> datetime:
    moment = datetime.fromisoformat(raw)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
