"""How long everything takes that is asked of the tables, when they hold little, much, and very much.

python -m bench.growth [--sizes 10000,500000] [--databases SQLite] [--plans] [--only live]

What a run has measured is kept under var/bench/growth until the commit changes: one that was ended goes on from there.
"""

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from bench import machine, results
from bench.growth import outcome, plot
from bench.growth.outcome import Took
from bench.growth.sizes import SIZES, minutes
from bench.growth.stores import FOLDER, Store, stores, versions
from bench.mysql import NoFreePort
from bench.running import DidNotRun, run
from native.packages.debian import NotInstalled

PICTURED = "How long each thing takes with the rows there are, on SQLite and MySQL"
console = Console(highlight=False, soft_wrap=True)


def main() -> None:
    options = parsed()
    FOLDER.mkdir(parents=True, exist_ok=True)
    machine.take_cores()
    told = machine.described()
    run("manage.py", "collectstatic", "--no-input", "--verbosity", "0", environment=os.environ)
    about = max(1, round(minutes(options.databases, options.sizes)))
    console.print(f"This takes about {about} minutes. If it is ended, it goes on where it was.")
    times: dict[str, dict[int, list[Took]]] = {}
    try:
        for name in options.databases:
            for rows in options.sizes:
                times.setdefault(name, {})[rows] = measured(stores()[name], rows, told["commit"], options)
    except (DidNotRun, NoFreePort, NotInstalled) as failure:
        sys.exit(str(failure))
    tables = outcome.rendered(times)
    console.print(tables, markup=False)
    if options.only or tuple(options.sizes) != SIZES or len(options.databases) < len(stores()):
        return
    told["versions"] |= versions()
    found = {
        name: {str(rows): [asdict(each) for each in took] for rows, took in sizes.items()}
        for name, sizes in times.items()
    }
    results.write("growth", told | {"times": found}, lambda file: plot.draw(times, told, file), PICTURED, tables)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m bench.growth", description="Time every query at several sizes.")
    parser.add_argument("--sizes", type=numbers, default=list(SIZES), help=f"rows of the largest tables ({SIZES})")
    parser.add_argument("--databases", type=lambda text: text.split(","), default=list(stores()), help="SQLite,MySQL")
    parser.add_argument("--only", default="", help="questions whose names contain this; nothing is written")
    parser.add_argument("--plans", action="store_true", help="show the plans of slow queries")
    parser.add_argument("--again", action="store_true", help="measure also what this commit has measured already")
    parser.add_argument("--keep", action="store_true", help="leave the databases, under var/bench")
    options = parser.parse_args()
    if unknown := set(options.databases) - stores().keys():
        parser.error(f"--databases: {', '.join(sorted(unknown))}: choose of {', '.join(stores())}")
    return options


def numbers(text: str) -> list[int]:
    return sorted(int(number) for number in text.split(","))


def measured(store: Store, rows: int, commit: str, options: argparse.Namespace) -> list[Took]:
    """What this commit has measured already, or what is measured now."""
    file = FOLDER / f"{store.name}-{rows}.json"
    if not (options.again or options.only) and (known := kept(file, commit)):
        console.print(f"{store.name}, {rows:,} rows: measured before, at this commit.")
        return known
    console.rule(f"{store.name}, {rows:,} rows")
    store.database.make()
    try:
        with store.database.running():
            store.fill(rows)
        # Started anew: what it has in memory was asked for, not written.
        with store.database.running():
            took = store.time(plans=options.plans, only=options.only)
            if rows == max(options.sizes) and not options.only:
                took += store.time_with_kafka()
    finally:
        if not options.keep:
            store.database.forget()
    if not options.only:
        file.write_text(json.dumps({"commit": commit, "took": [asdict(each) for each in took]}, indent=1))
    return took


def kept(file: Path, commit: str) -> list[Took]:
    """What is in the file, if it was measured at this commit, and nothing is changed beside it."""
    if not (file.exists() and machine.is_committed(commit)):
        return []
    told: dict[str, Any] = json.loads(file.read_text())
    return [Took(**each) for each in told["took"]] if told["commit"] == commit else []


if __name__ == "__main__":
    main()
