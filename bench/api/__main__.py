"""The API beside a Spring Boot application on the same tables, both asked by wrk, in turns.

python -m bench.api [--rounds 3] [--seconds 4] [--only get,post] [--busy] [--quick]
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import partial

from rich.console import Console

from bench import machine, results
from bench.api import outcome, plot, spring, wrk
from bench.api.busy import workers
from bench.api.kept import KeptTurns
from bench.api.kinds import BY_NAME, KINDS
from bench.api.measured import Turn
from bench.api.paths import write_paths
from bench.api.servers import ours
from bench.api.turns import Beside, Contestant, Plan, alone, take_turn
from bench.filling.command import fill, tokens_in
from bench.mysql import MySQL, NoFreePort
from bench.running import DidNotRun
from bench.sqlite import SQLite
from native.layout import ROOT
from native.packages.debian import NotInstalled

ROWS, USERS = 60_000, 10_000
BUFFER_POOL_MB = 128
BUSY_RATE = 50
FOLDER = ROOT / "var" / "bench" / "api"
PICTURED = "Requests a second by kind, of Spring Boot and of ours on MySQL and SQLite"
PREFIX = "ours-"
"""of our servers' names"""
console = Console(highlight=False, soft_wrap=True)


def main() -> None:
    options = parsed()
    kinds = [BY_NAME[name] for name in options.only] if options.only else list(KINDS)
    plan = Plan(kinds, options.seconds, options.warm_share, FOLDER)
    FOLDER.mkdir(parents=True, exist_ok=True)
    machine.take_cores()
    told = machine.described()
    how = {name: getattr(options, name) for name in ("rounds", "seconds", "rows", "users", "busy", "busy_rate")}
    kept = KeptTurns(FOLDER / "turns.json", {"commit": told["commit"], "kinds": [kind.name for kind in kinds]} | how)
    if not machine.is_committed(told["commit"]):
        kept.forget()
    try:
        wrk.command()
        spring.build()
        contestants = prepare(options)
        say_how_long(contestants, plan, options)
        turns = rounds(contestants, plan, options.rounds, kept)
        busy = beside_workers(contestants, plan, options.busy_rate, kept) if options.busy else []
    except (DidNotRun, NoFreePort, NotInstalled, wrk.Failed) as failure:
        sys.exit(str(failure))
    kept.forget()
    told |= how
    told["versions"] |= spring.versions() | {"MySQL": mysql().version(), "wrk": wrk.version()}
    found = outcome.summary(turns, kinds)
    tables = outcome.rendered(found, kinds, busy)
    console.print(tables, markup=False)
    if not (options.quick or options.only):
        figures = {
            "medians": found,
            "ratios": outcome.ratios(found, kinds),
            "beside_workers": [turn.as_json() for turn in busy],
            "turns": [turn.as_json() for turn in turns],
        }
        told |= figures
        results.write("api", told, lambda file: plot.draw(told, kinds, file), PICTURED, tables)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m bench.api", description="Measure the API beside Spring Boot.")
    parser.add_argument("--rounds", type=int, default=3, help="in each, every server has a turn (3)")
    parser.add_argument("--seconds", type=float, default=4, help="for each kind of request, after warming up (4)")
    parser.add_argument("--only", type=lambda text: text.split(","), help=f"kinds of {','.join(BY_NAME)}")
    parser.add_argument("--busy", action="store_true", help="measure ours beside busy workers, too")
    parser.add_argument("--busy-rate", type=int, default=BUSY_RATE, help=f"mock orders a second then ({BUSY_RATE})")
    parser.add_argument("--quick", action="store_true", help="only see whether all works: nothing is written")
    options = parser.parse_args()
    if unknown := set(options.only or ()) - BY_NAME.keys():
        parser.error(f"--only: {', '.join(sorted(unknown))}: choose of {', '.join(BY_NAME)}")
    options.rows, options.users, options.warm_share = ROWS, USERS, 1.0
    if options.quick:
        options.rounds, options.seconds, options.rows, options.users, options.warm_share = 1, 2.0, 3000, 500, 0.1
    return options


def prepare(options: argparse.Namespace) -> list[Contestant]:
    """Both databases filled alike and ended, with the servers that work on them."""
    server, file = mysql(), SQLite("api-sqlite")
    # The same moment for both, and so the same order ids.
    now = datetime.now(UTC).replace(microsecond=0).isoformat()
    volumes = {"transactions": options.rows, "hourly-totals": options.rows, "users": options.users, "now": now}
    files = {name: FOLDER / f"accounts-{name}.json" for name in ("mysql", "sqlite")}
    server.make()
    with server.running():
        fill(server.root, volumes, files["mysql"])
    server.keep()
    file.make()
    fill(file.root, volumes, files["sqlite"])
    file.keep()
    write_paths(FOLDER, file.file, options.users)
    tokens = {name: tokens_in(each) for name, each in files.items()}
    return [
        Contestant(spring.spring(server), server, tokens["mysql"]),
        Contestant(ours(f"{PREFIX}mysql", server.environment()), server, tokens["mysql"]),
        Contestant(ours(f"{PREFIX}sqlite", file.environment()), file, tokens["sqlite"]),
    ]


def mysql() -> MySQL:
    return MySQL("api-mysql", BUFFER_POOL_MB)


def say_how_long(contestants: Sequence[Contestant], plan: Plan, options: argparse.Namespace) -> None:
    of_each = [plan.seconds_of(who.server) for who in contestants]
    seconds = options.rounds * sum(of_each) + options.busy * sum(of_each[1:])
    console.print(f"This takes about {max(1, round(seconds / 60))} minutes. If it is ended, it goes on where it was.")


def rounds(contestants: Sequence[Contestant], plan: Plan, count: int, kept: KeptTurns) -> list[Turn]:
    """Every round gives each a turn; every other one backwards, so that nobody always comes after the same."""
    return [
        kept.next(who.server.name, partial(tell_of, f"round {number + 1} of {count}", who, plan))
        for number in range(count)
        for who in contestants[:: -1 if number % 2 else 1]
    ]


def beside_workers(contestants: Sequence[Contestant], plan: Plan, rate: int, kept: KeptTurns) -> list[Turn]:
    """A turn of each of ours while workers work on the same database. rate: mock orders a second."""

    def beside(environment: Mapping[str, str]) -> AbstractContextManager[dict[str, str]]:
        return workers(environment, rate, plan.folder / "workers.log")

    return [
        kept.next(who.server.name, partial(tell_of, "beside busy workers", who, plan, beside))
        for who in contestants
        if who.server.name.startswith(PREFIX)
    ]


def tell_of(which: str, who: Contestant, plan: Plan, beside: Beside = alone) -> Turn:
    """A turn, shown while and after it is taken."""
    with console.status(which) as status:
        turn = take_turn(who, plan, lambda doing: status.update(f"{which}, {doing} …"), beside)
    speeds = ", ".join(f"{name} {each.per_second:,.0f}" for name, each in turn.kinds.items())
    console.print(f"{which}, {turn.server}: {speeds} a second; {turn.memory_mb:.0f} MB")
    return turn


if __name__ == "__main__":
    main()
