"""The workers beside Kafka Streams and Kafka's own clients for Java, on the same orders and cores, in turns.

python -m bench.workers [--rounds 3] [--events 2000000] [--seconds 10] [--heap 1g] [--only fraud,aggregator] [--quick]
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence

from confluent_kafka import KafkaException
from rich.console import Console

from bench import machine, results
from bench.mysql import NoFreePort
from bench.running import DidNotRun
from bench.workers import java, outcome, plot
from bench.workers.broker import NotLoaded
from bench.workers.checking import Wrong
from bench.workers.following import Ended
from bench.workers.measured import NothingDone, Turn
from bench.workers.orders import Load
from bench.workers.stages import databases, mysql, stage
from bench.workers.tasks import LOADS, SQLITE, Engine, Task, chosen
from bench.workers.turns import Database, Stage
from native.layout import ROOT
from native.packages.debian import NotInstalled

PARTITIONS = 6
FOLDER = ROOT / "var" / "bench" / "workers"
PICTURED = "Orders a second by task, of ours on SQLite and MySQL and of their peers in Java"
MINUTES_AT_FIRST, MINUTES_OF_A_TURN, MINUTES_OF_A_MILLION = 1.5, 0.1, 0.1
"""about: making databases and peers; starting, ending and checking an engine; a million orders of a turn"""
QUICK = {"rounds": 1, "events": 20_000, "seconds": 3.0}
Place = tuple[Task, Engine]
console = Console(highlight=False, soft_wrap=True)


def main() -> None:
    options = parsed()
    places = chosen(options.only)
    FOLDER.mkdir(parents=True, exist_ok=True)
    machine.take_cores()
    told = machine.described()
    try:
        java.build()
        say_how_long(len(places), options)
        found = databases({engine.database for _, engine in places} | {SQLITE}, "workers")
        turns = [turn for load in (*LOADS, None) for turn in of_load(load, places, found, options)]
        for database in found.values():
            database.forget()
    except (DidNotRun, Ended, KafkaException, NoFreePort, NotInstalled, NothingDone, NotLoaded, Wrong) as failure:
        sys.exit(f"{type(failure).__name__}: {failure}")
    tables = outcome.rendered(turns)
    console.print(tables, markup=False)
    if options.quick:
        console.print("All works. So few orders say nothing of speed: starting takes longer than working.")
    if options.quick or options.only:
        return
    told |= {name: getattr(options, name) for name in (*QUICK, "heap")}
    told["versions"] |= java.versions() | {"MySQL": mysql("workers").version()}
    told |= outcome.figures(turns)
    results.write("workers", told, lambda file: plot.draw(told, file), PICTURED, tables)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m bench.workers", description="Measure the workers beside Java's.")
    parser.add_argument("--rounds", type=int, default=3, help="in each, every engine has a turn (3)")
    parser.add_argument("--events", type=int, default=2_000_000, help="orders in the topic (2000000)")
    parser.add_argument("--seconds", type=float, default=10, help="for which ours are followed at most (10)")
    parser.add_argument("--heap", default=java.HEAP, help=f"of Java ({java.HEAP})")
    parser.add_argument("--only", type=lambda text: text.split(","), default=[], help="tasks or engines; words of them")
    parser.add_argument("--quick", action="store_true", help="only see whether all works: nothing is written")
    options = parser.parse_args()
    if not chosen(options.only):
        names = sorted({name for task, engine in chosen([]) for name in (task.name, engine.name)})
        parser.error(f"--only: choose of {', '.join(names)}")
    if options.quick:
        vars(options).update(QUICK)
    return options


def say_how_long(places: int, options: argparse.Namespace) -> None:
    of_a_turn = MINUTES_OF_A_TURN + options.events / 1e6 * MINUTES_OF_A_MILLION
    console.print(f"This takes about {round(MINUTES_AT_FIRST + places * options.rounds * of_a_turn)} minutes.")


def of_load(
    load: Load | None, places: Sequence[Place], found: Mapping[str, Database], options: argparse.Namespace
) -> Iterator[Turn]:
    """All rounds of the tasks of a load; every other one backwards, so that nobody always comes after the same."""
    concerned = [place for place in places if place[0].load == load]
    if not concerned:
        return
    with stage(
        load,
        options.events,
        partitions=PARTITIONS,
        found=found,
        peers=java.Peers(options.heap),
        folder=FOLDER,
        seconds=options.seconds,
        console=console,
    ) as prepared:
        for number in range(options.rounds):
            for task, engine in concerned[:: -1 if number % 2 else 1]:
                yield tell_of(prepared, task, engine, number)


def tell_of(prepared: Stage, task: Task, engine: Engine, number: int) -> Turn:
    """A turn, shown while and after it is taken."""
    which = f"round {number + 1}, {task.title}: {engine.title}"
    with console.status(f"{which} …"):
        turn = prepared.take(task, engine, number)
    console.print(f"{which}: {turn.per_second:,.0f} a second, exact")
    return turn


if __name__ == "__main__":
    main()
