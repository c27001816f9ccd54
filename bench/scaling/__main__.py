"""How soon workers are done, what an order costs them the more there are, and what more processes bring.

python -m bench.scaling [--rounds 1] [--events 3000000] [--users 10000,1000000] [--seconds 8] [--only latency] [--quick]
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from functools import partial
from typing import TypeVar

from confluent_kafka import KafkaException
from rich.console import Console

from bench import machine, results
from bench.mysql import NoFreePort
from bench.running import DidNotRun
from bench.scaling import outcome, plot, turns
from bench.scaling.outcome import Found
from bench.scaling.pace import Latency, NotSeen
from bench.scaling.plan import COSTLY, SCALED, STARTED, TIMED, Plan, Section, load_of, title_of
from bench.workers import java
from bench.workers.broker import NotLoaded
from bench.workers.checking import Wrong
from bench.workers.following import Ended
from bench.workers.measured import NothingDone
from bench.workers.orders import Load
from bench.workers.stages import databases, mysql, stage
from bench.workers.tasks import MYSQL, SQLITE, Engine
from bench.workers.turns import Database, Stage
from native.layout import ROOT
from native.packages.debian import NotInstalled

FOLDER = ROOT / "var" / "bench" / "scaling"
PICTURED = "How soon orders are seen, what one costs and takes of memory, and what two processes bring"
QUICK = Plan(seconds=2.0, events=40_000, users=(1_000, 10_000), remembered=10_000)
TurnT = TypeVar("TurnT")
console = Console(highlight=False, soft_wrap=True)


def main() -> None:
    plan, heap, is_quick = parsed()
    FOLDER.mkdir(parents=True, exist_ok=True)
    machine.take_cores()
    told = machine.described()
    found = Found()
    try:
        java.build()
        console.print(f"This takes about {max(1, round(plan.minutes))} minutes.")
        stores = databases({SQLITE, MYSQL}, "scaling", FOLDER)
        Run(plan, java.Peers(heap), stores, found, is_quick=is_quick).take_all()
        for database in stores.values():
            database.forget()
    except (
        DidNotRun, Ended, KafkaException, NoFreePort, NotInstalled, NothingDone, NotLoaded, NotSeen, Wrong,
    ) as failure:  # fmt: skip
        sys.exit(f"{type(failure).__name__}: {failure}")
    tables = outcome.rendered(found)
    console.print(tables, markup=False)
    if is_quick:
        console.print("All works. Figures of so short a run say nothing.")
    if is_quick or len(plan.sections) < len(Section):
        return
    told |= {"plan": asdict(plan), "heap": heap} | outcome.figures(found)
    told["versions"] |= java.versions() | {"MySQL": mysql("scaling").version()}
    results.write("scaling", told, lambda file: plot.draw(found, told, file), PICTURED, tables)


def parsed() -> tuple[Plan, str, bool]:
    """The plan, the heap of Java, and whether this is only to see that all works."""
    usual = Plan()
    parser = argparse.ArgumentParser("python -m bench.scaling", description="Measure latency, cost, start and scaling.")
    parser.add_argument("--rounds", type=int, default=usual.rounds, help=f"turns of each ({usual.rounds})")
    parser.add_argument("--events", type=int, default=usual.events, help=f"orders in a topic ({usual.events})")
    parser.add_argument("--users", type=_numbers, default=usual.users, help="numbers of users (10000,1000000)")
    parser.add_argument("--partitions", type=int, default=usual.partitions, help=f"an even number ({usual.partitions})")
    parser.add_argument("--seconds", type=float, default=usual.seconds, help=f"at each rate ({usual.seconds:g})")
    parser.add_argument(
        "--remembered", type=int, default=usual.remembered, help=f"orders of a partition ({usual.remembered})"
    )
    parser.add_argument(
        "--limit", type=float, default=usual.limit, help=f"seconds a million orders may take ({usual.limit:g})"
    )
    parser.add_argument("--heap", default=java.HEAP, help=f"of Java ({java.HEAP})")
    parser.add_argument("--only", type=_sections, default=usual.sections, help=f"of {', '.join(Section)}")
    parser.add_argument("--quick", action="store_true", help="only see whether all works: nothing is written")
    options = vars(parser.parse_args())
    heap, only, is_quick = options.pop("heap"), options.pop("only"), options.pop("quick")
    if options["partitions"] < 2 or options["partitions"] % 2:
        parser.error("--partitions: an even number, since half of them are measured, too")
    return (replace(QUICK, sections=only) if is_quick else Plan(only, **options)), heap, is_quick


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(",")))


def _sections(text: str) -> tuple[Section, ...]:
    return tuple(map(Section, text.split(",")))


class Run:
    """All that a plan says, taken and told of while it is."""

    def __init__(
        self, plan: Plan, peers: java.Peers, stores: Mapping[str, Database], found: Found, *, is_quick: bool
    ) -> None:
        self.plan, self.found, self.is_quick = plan, found, is_quick
        self._stage = partial(stage, found=stores, peers=peers, folder=FOLDER, console=console)

    def take_all(self) -> None:
        if Section.LATENCY in self.plan.sections:
            self.found.latencies += self._latencies()
        for users in self.plan.users:
            if self.plan.is_needed(users):
                with self._loaded(load_of(users), self.plan.events, self.plan.partitions) as prepared:
                    self._on_whole(prepared, users)
        if Section.SCALING in self.plan.sections:
            with self._loaded(load_of(self.plan.users[0]), self.plan.events, self.plan.half) as prepared:
                self._scaled(prepared, 1)
        if Section.START in self.plan.sections:
            self._start()

    def _loaded(self, load: Load | None, count: int, partitions: int) -> AbstractContextManager[Stage]:
        return self._stage(load, count, partitions=partitions, seconds=self.plan.seconds)

    def _latencies(self) -> Iterator[Latency]:
        """Each turn has a broker of its own, whose topic has this turn's orders only."""
        for number, engine in self._rounds(TIMED):
            with self._loaded(None, 0, self.plan.partitions) as prepared:
                took = partial(turns.latency, prepared, engine, self.plan.pace)
                yield from told(f"round {number}, {title_of(engine)}", took, outcome.latencies_in_words)

    def _on_whole(self, prepared: Stage, users: int) -> None:
        if Section.COST in self.plan.sections:
            longer = replace(prepared, seconds=self.plan.cost_seconds)
            for number, engine in self._rounds(COSTLY):
                took = partial(turns.cost_of, longer, engine, users)
                which = f"round {number}, hourly totals, {users:,} users: {engine.title}"
                self.found.costs.append(told(which, took, outcome.cost_in_words))
        if Section.SCALING in self.plan.sections and users == self.plan.users[0]:
            self._scaled(prepared, 2)

    def _start(self) -> None:
        """Each turn has a broker of its own, since it sends orders more than were loaded."""
        for number, engine in self._rounds(STARTED):
            with self._loaded(load_of(self.plan.users[0]), self.plan.events_to_remember, self.plan.half) as prepared:
                took = partial(turns.start_of, prepared, engine, self.plan.remembered)
                which = f"round {number}, starts of an aggregator that remembers much: {engine.title}"
                self.found.starts.append(told(which, took, outcome.start_in_words))

    def _scaled(self, prepared: Stage, processes: int) -> None:
        for number, engine in self._rounds(SCALED):
            took = partial(turns.scaling_of, prepared, engine, processes)
            which = f"round {number}, {engine.worker}, processes: {processes}, {engine.title}"
            try:
                self.found.scaled.append(told(which, took, outcome.scaled_in_words))
            except NothingDone as done_before:
                # So few orders are done before the second process has its partitions.
                if not self.is_quick:
                    raise
                console.print(f"{which}: {done_before}")

    def _rounds(self, engines: Sequence[Engine]) -> Iterator[tuple[int, Engine]]:
        """Every other round backwards, so that nobody always comes after the same."""
        for number in range(self.plan.rounds):
            for engine in engines[:: -1 if number % 2 else 1]:
                yield number + 1, engine


def told(which: str, take: Callable[[], TurnT], words: Callable[[TurnT], str]) -> TurnT:
    """A turn, shown while and after it is taken."""
    with console.status(f"{which} …"):
        turn = take()
    console.print(f"{which}: {words(turn)}; exact")
    return turn


if __name__ == "__main__":
    main()
