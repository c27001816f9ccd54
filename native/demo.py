"""The whole platform on this machine: broker, API, workers and Celery, with real purchases flowing through.

python -m native.demo            start, replay, go on with mock traffic until Ctrl-C
python -m native.demo --once     start afresh, replay, add 1,000 mock orders, compare every stage, end
"""

import argparse
import json
import os
import secrets
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import IO, Any, NoReturn

import psutil
from rich.console import Console
from rich.table import Table

from config import env
from events.money import Ledger
from native.broker import HOST, refuse_port_in_use
from native.configuration.files import write_exports
from native.loopback import urlopen
from native.occupancy import Occupied, occupy
from native.place import Failed, Place
from native.supervision import ROOT, DidNotStart, Supervision
from native.truth import Comparison, Order, compare, orders_of_file
from transactions import simulator

PURCHASES = ROOT / "data" / "cdnow-purchases.csv.gz"
SUPERVISORD_CONF = Path(__file__).with_name("supervisord.conf")
MOCK_ORDERS, MOCK_SEED, MOCK_RATE = 1000, 1997, 500
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PARTS = ("relay", "workers:*", "monitor", "api", "celery:celery-worker", "celery:mailer")
SIMULATION = "celery:celery-beat"
MEGABYTE = 1024 * 1024
console = Console(highlight=False, soft_wrap=True)


def main() -> None:
    parser = argparse.ArgumentParser("python -m native.demo", description="Run the platform on embedded parts.")
    parser.add_argument("--once", action="store_true", help="replay, compare every stage with the truth, and end")
    parser.add_argument("--api-port", type=int, default=8000)
    parser.add_argument(
        "--listen", default=HOST, help=f"the address at which the API answers ({HOST}; a container's: 0.0.0.0)"
    )
    parser.add_argument("--kafka-port", type=int, default=9092, help="the port after it is used too")
    parser.add_argument("--metrics-port", type=int, default=9308, help="for the metrics of run_monitor; 0: none (9308)")
    options = parser.parse_args()
    # Mock orders are drawn in it here, too, and totals counted in its parts.
    Ledger.currency = env.setting("CURRENCY", env.currency, "a currency, as settings.py has it")
    var = ROOT / "var" / ("once" if options.once else "demo")
    place = Place(var, options.api_port, options.kafka_port, options.metrics_port, options.listen)
    # Hashes of passwords, tokens, mails: what lies there is for nobody else, whichever process writes it.
    os.umask(0o077)
    try:
        lock = occupy(var, f"{place.api}/")
        for port in (options.api_port, options.kafka_port, options.kafka_port + 1, options.metrics_port):
            refuse_port_in_use(port)
        for number in ENDINGS:
            signal.signal(number, _interrupt)
        sys.exit(run_once(place, lock) if options.once else run(place, lock))
    except (DidNotStart, Failed, Occupied) as error:
        sys.exit(str(error))


def run(place: Place, lock: IO[str]) -> int:
    keep_to_ourselves(place.var)
    with supervision(place, lock) as parts:
        try:
            accounts = set_up(place, parts)
            show_addresses(place, accounts)
            replay_if_possible(place, parts)
            parts.start(SIMULATION)
            show_memory(parts)
            console.print(f"\nMock traffic goes on. Watch it at [bold]{place.api}/[/]; Ctrl-C ends everything.")
            report_trouble(place, parts)
        except KeyboardInterrupt:
            console.print("\nEnding every process …")
    console.print("All processes have ended.")
    return 0


def run_once(place: Place, lock: IO[str]) -> int:
    shutil.rmtree(place.var, ignore_errors=True)
    began = time.monotonic()
    with supervision(place, lock) as parts:
        try:
            accounts = set_up(place, parts)
            replayed = time.monotonic()
            place.manage_aloud("run_producer", "--replay", str(PURCHASES))
            wait_for_every_stage(place, parts, replayed)
            start = datetime.now(UTC).replace(microsecond=0)
            mock = ["--rate", str(MOCK_RATE), "--count", str(MOCK_ORDERS), "--seed", str(MOCK_SEED)]
            place.manage_aloud("run_producer", *mock, "--start", start.isoformat())
            place.manage_aloud("wait_for_workers", "--timeout", "300")
            show_memory(parts)
            orders = orders_of_file(PURCHASES) + mock_orders(start)
            comparisons = compare(orders, place.database, place.api, accounts["shop"]["token"])
        except KeyboardInterrupt:
            console.print("\nInterrupted: ending every process …")
            return 130
    show_comparisons(comparisons)
    console.print(f"{time.monotonic() - began:.0f} s from start to end.")
    return 0 if all(comparison.equal for comparison in comparisons) else 1


def set_up(place: Place, parts: Supervision) -> dict[str, Any]:
    """Bring every part up; returns the demo accounts by name, each with password and token."""
    console.print("Starting Kafka; making the database, the accounts and the topics …")
    accounts = place.var / "accounts.json"
    with ThreadPoolExecutor() as pool:
        pool.submit(place.manage, "collectstatic", "--no-input", "--verbosity", "0")
        topics = pool.submit(place.manage, "create_topics", "--wait", "60")
        place.manage("migrate", "--verbosity", "0")
        place.manage("make_demo_accounts", "--write", str(accounts))
        parts.wait_until(topics.done, "the topics are made", timeout=90, needs=["broker"])
        if trouble := topics.exception():
            raise Failed("\n".join([str(trouble), *parts.troubles()]))
    parts.start(*PARTS)
    parts.wait_until(lambda: answers(place), "the API answers", needs=["api"])
    return dict(json.loads(accounts.read_text()))


def make_secret_key(place: Place) -> None:
    key = place.var / "secret-key"
    if not key.exists():
        key.parent.mkdir(parents=True, exist_ok=True)
        key.touch(mode=0o600)
        key.write_text(secrets.token_urlsafe(64))


def supervision(place: Place, lock: IO[str]) -> Supervision:
    make_secret_key(place)
    return Supervision(SUPERVISORD_CONF, place.var, place.environment, lock)


def keep_to_ourselves(folder: Path) -> None:
    """Close a folder to others, with what lies in it since before everything was made so."""
    folder.mkdir(parents=True, exist_ok=True)
    for each in (folder, *folder.rglob("*")):
        each.chmod(each.stat().st_mode & 0o700)


def report_trouble(place: Place, parts: Supervision) -> NoReturn:
    """Say which process has given up, and which runs again; whatever does not depend on it goes on."""
    reported: dict[str, str] = {}
    while True:
        lost = parts.given_up()
        for name in lost.keys() - reported.keys():
            console.print(f"\n{lost[name]}", markup=False)
            again = f".venv/bin/supervisorctl -s {place.supervisor} start {parts.address_of(name)}"
            console.print(f"Everything else goes on. Once that is mended: {again}", markup=False)
        for name in reported.keys() - lost.keys():
            console.print(f"{name} is started again.")
        reported = lost
        time.sleep(1)


def answers(place: Place) -> bool:
    try:
        with urlopen(f"{place.api}/health/live", timeout=2):
            return True
    except OSError:
        return False


def replay_if_possible(place: Place, parts: Supervision) -> None:
    """Replay the purchases; a part that stands in their way keeps nothing else from running."""
    try:
        replay_once_only(place, parts)
    except (DidNotStart, Failed) as trouble:
        console.print(f"\nNot every stage has got the purchases. {trouble}\nThe rest goes on.", markup=False)


def replay_once_only(place: Place, parts: Supervision) -> None:
    """Send the real purchases, unless an earlier run did: they would be recognised, and nothing new be seen."""
    done = place.var / "replayed"
    if done.exists():
        console.print(
            "The real purchases were replayed by an earlier run; its data are still here (`make clean` forgets them)."
        )
        return
    began = time.monotonic()
    place.manage_aloud("run_producer", "--replay", str(PURCHASES))
    done.touch()
    wait_for_every_stage(place, parts, began)


def wait_for_every_stage(place: Place, parts: Supervision, began: float) -> None:
    """Wait until every stage has the purchases, and say how long that took; began: when run_producer was started."""
    show_first_total(place, parts)
    place.manage_aloud("wait_for_workers", "--timeout", "300")
    console.print(f"Every stage had the purchases {time.monotonic() - began:.1f} s after run_producer was started.")


def show_first_total(place: Place, parts: Supervision) -> None:
    """Wait for the first hourly total, and say how long after the start it came; raises DidNotStart if none comes."""
    with closing(sqlite3.connect(f"file:{place.database}?mode=ro", uri=True)) as database:
        first = database.execute
        parts.wait_until(
            lambda: first("SELECT 1 FROM analytics_hourlytotal LIMIT 1").fetchone() is not None,
            "the first order is counted", timeout=120, every=0.05, needs=["broker", "aggregator"],
        )  # fmt: skip
    seconds = time.time() - float(os.environ.get("DEMO_BEGAN", psutil.Process().create_time()))
    console.print(f"First order counted in an hourly total {seconds:.1f} s after the start.")


def show_addresses(place: Place, accounts: dict[str, Any]) -> None:
    """Print where everything is, and write it down for other programs."""
    addresses = {
        "live page": f"{place.api}/",
        "API": f"{place.api}/docs",
        "fraud desk": f"{place.api}/admin/",
        "health": f"{place.api}/health",
        "Kafka": place.brokers,
    }
    table = Table("part", "address", title="Addresses")
    for part, address in addresses.items():
        table.add_row(part, address)
    logins = Table("account", "password", "sees", title="Logins")
    for name, account in accounts.items():
        logins.add_row(name, account["password"], account.get("sees", ""))
    console.print(table, logins)
    file = ROOT / "var" / "demo.env"
    write_exports(file, demo_env(place, accounts))
    console.print(f"All of it stands in {file.relative_to(ROOT)} too, with a token for each account.")


def demo_env(place: Place, accounts: dict[str, Any]) -> dict[str, str]:
    """What another Kafka client, curl, or our own commands need to join in."""
    logins = {
        f"{name.upper()}_{what.upper()}": account[what]
        for name, account in accounts.items()
        for what in ("password", "token")
    }
    return {"API_URL": place.api} | place.settings | logins


def show_memory(parts: Supervision) -> None:
    memory = parts.memory()
    each = ", ".join(f"{name} {size // MEGABYTE}" for name, size in sorted(memory.items(), key=lambda item: -item[1]))
    console.print(f"Memory of all processes: {sum(memory.values()) // MEGABYTE:,} MB ({each}).")


def mock_orders(start: datetime) -> list[Order]:
    """The mock orders that run_producer sends for the same seed and start."""
    orders = islice(simulator.mock_orders(seed=MOCK_SEED, start=start, per_second=MOCK_RATE), MOCK_ORDERS)
    return [
        Order(o.order_id, o.user_id, Decimal(str(o.amount)), o.status.value, f"{o.timestamp:%Y-%m-%d %H}")
        for o in orders
    ]


def show_comparisons(comparisons: Sequence[Comparison]) -> None:
    table = Table("stage", "the input demands", "found", "", title="Every stage against the truth")
    for each in comparisons:
        table.add_row(each.stage, each.expected, each.found, "equal" if each.equal else "[bold red]DIFFERENT[/]")
    console.print(table)


def _interrupt(number: int, frame: FrameType | None) -> None:
    for ending in ENDINGS:
        # Once is enough: whoever presses again must not cut the orderly end short.
        signal.signal(ending, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
