"""What every worker's management command shares: the wiring of the loop."""

import os
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

import structlog
from confluent_kafka import Message, Producer
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import close_old_connections

from database import large_writes, loading
from streaming import clients, topology
from streaming.consuming import misplaced, stops
from streaming.consuming.burial_streaks import Streaks, TooManyInvalidMessages
from streaming.consuming.instances import Name, bear
from streaming.consuming.retries import again_if_given_up
from streaming.consuming.worker import Worker
from streaming.dead_letters import addresses, dead_letter
from streaming.decoding import decode
from streaming.messages import Progress
from streaming.partitioner import Homes
from streaming.records import Batch, Record
from streaming.shutdown import on_shutdown, shutdown_requested
from streaming.telemetry import metrics, tracing
from streaming.telemetry.metrics import WorkerMetrics
from streaming.topics import Topic

log = structlog.get_logger(__name__)

LARGEST_BATCH = 90_000
"""So many small records take some 90 MB, and the sum of their cents, whatever they are, 63 bits."""
LOOK_EVERY_SECONDS = 2.0
"""How soon a group that stands still goes on after it was resumed."""


class WorkerCommand(BaseCommand):
    """A worker as a process: it ends cleanly on SIGTERM and SIGINT, and can be killed at any moment.

    A subclass names its line of the topology, and says what to do with a batch.
    """

    # `check` and `migrate` look at the project as a whole; here, a start would wait until every page is loaded.
    requires_system_checks = ()

    worker: ClassVar[topology.Worker]
    keyed_by_user: ClassVar[bool] = True
    """whether its topics have a user's records on one partition, and those that lie elsewhere are not to be counted"""
    batch_size: ClassVar[int] = 1000
    """records in a batch at the most, unless the command line says otherwise"""
    takes_columns: ClassVar[bool] = False
    """whether its handler takes plain orders in columns, beside the records of a batch"""
    loads_rows: ClassVar[bool] = False
    """whether it writes so many rows that MySQL is to load them"""
    sends_on: ClassVar[bool] = False
    """whether it is the group that sends misplaced records on"""

    @property
    def group(self) -> str:
        """The consumer group that it is a member of."""
        assert self.worker.group is not None, f"{self.worker.name} reads no topic"  # noqa: S101 - of the table's own
        return self.worker.group

    @property
    def topics(self) -> Sequence[Topic]:
        return self.worker.reads

    def handler(self) -> Callable[[Batch[Any]], None]:
        """The function that takes each batch."""
        raise NotImplementedError

    def decode(self, message: Message) -> Record[Any]:
        """What a message of our topics holds; raises InvalidMessage."""
        return decode(message)

    def concerns_us(self, message: Message) -> bool:
        """Whether a message is for this worker at all."""
        return addresses.concerns(self.group, message)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--instance",
            help="a name of this process that its next start bears too: it then gets its partitions back at once",
        )
        parser.add_argument(
            "--batch-size",
            type=int,
            default=self.batch_size,
            help=f"records in a batch at the most (default {self.batch_size})",
        )
        metrics.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        stand_back(settings.WORKER_NICENESS)
        with bear(self.group, options["instance"], type(self).__module__.rpartition(".")[2]) as name:
            self._work(name, **options)

    def _work(self, name: Name, *, metrics_port: int, metrics_address: str, batch_size: int, **_: Any) -> None:
        if not 1 <= batch_size <= LARGEST_BATCH:
            raise CommandError(f"--batch-size {batch_size:,} is not from 1 to {LARGEST_BATCH:,}.")
        served = metrics.serve_worker(self.group, metrics_port, metrics_address, self.topics)
        tracing.begin(self.group)
        large_writes.expect()
        if self.loads_rows:
            loading.allow()
        ending = shutdown_requested()
        while not ending.is_set():
            close_old_connections()
            if stops.is_stopped(self.group):
                ending.wait(LOOK_EVERY_SECONDS)
            elif name.is_free(ending):
                self._run(self._worker(served, name, batch_size), ending)

    def _run(self, worker: Worker[Any], ending: threading.Event) -> None:
        """Let a worker run until it is to end, or its group is to stand still."""
        on_shutdown(ending.set, worker.stop)
        # A signal that came before this reached no worker.
        if ending.is_set():
            worker.stop()
        try:
            worker.run()
        except TooManyInvalidMessages as error:
            stops.stop(group=self.group, error=error)
        except stops.Stopped as stopped:
            log.warning(str(stopped))

    def _worker(self, served: WorkerMetrics, name: Name, batch_size: int) -> Worker[Any]:
        producer = clients.producer()
        decode, handle = tracing.traced(self.group, self.decode, again_if_given_up(self._handler_at_home(producer)))
        reading = self._reading()
        client = clients.column_consumer if reading else clients.consumer
        return Worker(
            consumer=client(self.group, instance=name.instance, **served.readers_options()),
            topics=self.topics,
            decode=decode,
            handle=handle,
            bury=partial(dead_letter.bury, producer, self.group),
            concerns_us=self.concerns_us,
            before_batch=stops.Gate(self.group).pass_through,
            observe=observer(self.group, served),
            joined=name.note_member,
            news=served.news,
            batch_size=batch_size,
            **reading,
        )

    def _reading(self) -> dict[str, Any]:
        """By what functions its Worker reads in columns; empty: it does not."""
        # Each record's span wants its record: what is traced is read row by row.
        if not self.takes_columns or settings.TRACES.kind != tracing.OFF:
            return {}
        try:
            # It brings a compiler along, which only workers use.
            from streaming.consuming.column_reading import read_in_columns, unload  # noqa: PLC0415
        except ImportError as reason:
            log.warning("orders are read one by one, which is slower", reason=str(reason))
            return {}
        return {"in_columns": read_in_columns, "unload": unload}

    def _handler_at_home(self, producer: Producer) -> Callable[[Batch[Any]], None]:
        if not self.keyed_by_user:
            return self.handler()
        pass_on = misplaced.sender_on(producer) if self.sends_on else misplaced.leave
        return misplaced.at_home(self.handler(), Homes(misplaced.partition_count), pass_on)


def stand_back(niceness: int) -> None:
    """Let others have the processor first: what lies in a topic can wait, who waits for an answer of the API cannot.

    Holds for this thread and those that it makes. Whoever started us with more niceness keeps it.
    """
    os.setpriority(os.PRIO_PROCESS, 0, max(niceness, os.getpriority(os.PRIO_PROCESS, 0)))


def observer(group: str, served: WorkerMetrics) -> Callable[[Progress], None]:
    """Reports each batch to Prometheus and operators; raises TooManyInvalidMessages beyond MAX_BURIED_IN_A_ROW."""
    streaks, streak_log = Streaks(), stops.StreakLog(group)

    def observe(progress: Progress) -> None:
        served.observe(progress)
        streaks.note(progress)
        streak_log.record(streaks.current, progress.last.keys() - streaks.current.keys())
        streaks.stop_beyond(settings.MAX_BURIED_IN_A_ROW)

    return observe
