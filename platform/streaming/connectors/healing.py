"""Bringing back connectors that starting again does not help, and publishing what the outbox's connector passed over.

A connector of Debezium goes on from a place in MySQL's binlog. Where the binlog no longer reaches back that far, the
connector has to begin anew: transactions-cdc then takes a snapshot of its table, and so loses nothing. The outbox's
goes on with what is written from now on, so the rows in between are published here.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from time import monotonic, sleep

from confluent_kafka import Consumer, Producer
from django.conf import settings

from streaming import clients
from streaming.connectors.binlog_position import has_lost_its_place
from streaming.connectors.connect import RUNNING, Connect, ConnectFailed
from streaming.connectors.wanted import OUTBOX, wanted
from streaming.log_reader import reader
from streaming.producing import outbox_gap

LOOK_SECONDS = 21
"""Whoever starts failed tasks again every ten seconds makes them look well meanwhile: two rounds of that are seen."""
LOOK_EVERY_SECONDS = 0.5
ROUNDS = 2
"""What seemed to run again, and then failed, gets a second turn; what fails on after that is reported."""
UNMOVED_SECONDS = 5
"""Rows of which none has come to its topic for so long, while their connector runs, will not come by it."""

Say = Callable[[str], None]


class NothingToHeal(RuntimeError):
    """Every connector runs, and no row is missing."""


@dataclass
class Healing:
    """say: called with what was done, sentence by sentence. timeout: seconds for each connector to run again."""

    connect: Connect
    say: Say
    timeout: float

    def heal(self, anew: Collection[str] = ()) -> None:
        """Bring back what has failed, and publish rows that are in no topic.

        anew: connectors that shall begin anew, whatever they say. Raises NothingToHeal; and ConnectFailed for what does
        not run afterwards.
        """
        sources = {connector.name for connector in wanted() if not connector.group}
        self._refuse(set(anew) - sources)
        for name in sorted(set(anew)):
            self._begin_anew(name)
        failed = self._bring_back_what_fails(sources)
        republished = self._republish_what_never_comes() if OUTBOX in sources else 0
        if not (failed or anew or republished):
            raise NothingToHeal("Nothing to heal: every connector runs, and every row of the outbox is in its topic.")

    def failures(self) -> Mapping[str, str]:
        """The traces of the connectors that failed lately, by name."""
        until, traces = monotonic() + LOOK_SECONDS, dict[str, str]()
        while monotonic() < until:
            for name in self.connect.names():
                status = self.connect.status(name)
                if status.failed:
                    traces[name] = "\n".join(status.traces.values())
            sleep(LOOK_EVERY_SECONDS)
        return traces

    def _refuse(self, others: Collection[str]) -> None:
        if others:
            raise ConnectFailed(f"{', '.join(sorted(others))}: only a connector of Debezium's in use can begin anew.")

    def _bring_back_what_fails(self, sources: Collection[str]) -> bool:
        """Returns whether anything had failed; raises ConnectFailed for what fails on."""
        for past in range(ROUNDS):
            failures = self.failures()
            for name, trace in failures.items():
                if name in sources and has_lost_its_place(trace):
                    self._begin_anew(name)
                else:
                    self._start_again(name)
            if not failures:
                return past > 0
        for name, trace in self.failures().items():
            raise _fails_on(name, trace)
        return True

    def _start_again(self, name: str) -> None:
        self.connect.restart_failed(name)
        try:
            self.connect.wait_until_running(name, self.timeout)
        except ConnectFailed as failed:
            raise _fails_on(name, str(failed)) from failed
        self.say(f"{name} had failed and was started again; it goes on where it stood, and nothing is lost.")

    def _begin_anew(self, name: str) -> None:
        self.connect.stop(name)
        self.connect.forget_place(name)
        try:
            if name == OUTBOX:
                # Now, so that an order comes to its topic before the changes of its status, carried later.
                self._republish(outbox_gap.unpublished(self._consumer))
        finally:
            self.connect.resume(name)
        self.connect.wait_until_running(name, self.timeout)
        if name == OUTBOX:
            # From then on it carries what is written; a snapshot of the other one may take hours.
            self.connect.wait_for_place(name, self.timeout)
            self.say(f"{name} had lost its place in MySQL's binlog and goes on with what is written from now on.")
        else:
            self.say(f"{name} began anew: it tells every row of its table once more, and then every change.")

    def _republish_what_never_comes(self) -> int:
        """Publish the rows that the running connector has passed over; returns their number."""
        states = (
            set(self.connect.status(OUTBOX).states.values()) if OUTBOX in self.connect.names() else {"not deployed"}
        )
        if states != {RUNNING}:
            raise ConnectFailed(
                f"{OUTBOX} is {', '.join(sorted(states))}, so it cannot be known which rows it would still carry: "
                f"resume or deploy it first, or let it begin anew with --anew {OUTBOX}."
            )
        left = outbox_gap.unpublished(self._consumer)
        for later in self._later_looks(left):
            if left == (left := [row_id for row_id in left if row_id in later]):
                break
        return self._republish(left)

    def _later_looks(self, left: Collection[int]) -> Iterator[set[int]]:
        """What no topic has, each time after a while; nothing where nothing is missing."""
        while left:
            sleep(UNMOVED_SECONDS)
            yield set(outbox_gap.unpublished(self._consumer))

    def _republish(self, ids: list[int]) -> int:
        count = outbox_gap.republish(self._producer, ids)
        if count:
            self.say(
                f"{count:,} row{'s' if count > 1 else ''} of the outbox, id {ids[0]} to {ids[-1]}, had reached no "
                f"topic and {'were' if count > 1 else 'was'} published; consumers pass over what they know already."
            )
        return count

    @cached_property
    def _consumer(self) -> Consumer:
        return reader("redrive")

    @cached_property
    def _producer(self) -> Producer:
        return clients.producer()


def _fails_on(name: str, trace: str) -> ConnectFailed:
    return ConnectFailed(
        f"{trace}\nStarting {name} again does not help, and it keeps its place, so nothing is lost: mend what its "
        f"trace names, then run this again. Where its place itself is at fault: --anew {name}."
    )


def configured(say: Say, timeout: float) -> Healing:
    """For the Kafka Connect that the settings name."""
    return Healing(Connect(settings.CONNECT_URL, settings.CA_FILE), say, timeout)
