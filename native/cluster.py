"""The whole cluster on this machine, as plain processes on loopback.

python -m native.cluster up         start every part, wait until it answers, and leave it running
python -m native.cluster status     how each part is
python -m native.cluster down       stop every part; the data stay
"""

import argparse
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from native import readiness
from native.broker import refuse_port_in_use
from native.configuration import configure_all
from native.configuration.files import write_exports
from native.layout import ROOT, Layout
from native.occupancy import Occupied, occupy
from native.packages import debian
from native.packages.fetching import fetch_everything
from native.packages.proven import WrongContent
from native.security.certificates import CERTIFIED, make_certificates
from native.startup import Cluster, Failed, start_everything
from native.supervision import RUNNING, DidNotStart

MEGABYTE = 1024 * 1024
STARTED = "started.json"
"""In a cluster's folder: how its last start went; seconds until each part and all were ready, bytes of memory."""
console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 140)


def main() -> None:
    parser = argparse.ArgumentParser("python -m native.cluster", description="Run the cluster on this machine.")
    parser.add_argument("what", choices=["up", "status", "down"])
    parser.add_argument(
        "--ports", type=int, default=19, choices=range(2, 32), metavar="2…31", help="the thousands of every port (19)"
    )
    parser.add_argument("--name", default="cluster", help="its folder under var: several may run beside each other")
    options = parser.parse_args()
    layout = Layout(ROOT / "var" / options.name, options.ports)
    try:
        {"up": up, "status": status, "down": down}[options.what](layout)
    except (DidNotStart, Failed, Occupied, debian.NotInstalled, WrongContent) as error:
        sys.exit(str(error))


def up(layout: Layout) -> None:
    cluster = Cluster(layout)
    if cluster.parts.attach():
        console.print("The cluster runs already: `make cluster-status` tells how it is, `make cluster-down` stops it.")
        return
    lock = occupy(layout.var, f"{layout.address('api')}/")
    for port in layout.ports.values():
        refuse_port_in_use(port)
    prepare(layout)
    # Anew: only now the programs are there that its supervisor's environment names.
    cluster = Cluster(layout, lock=lock)
    cluster.parts.begin()
    console.print("Starting every part …")
    try:
        failures = start_everything(cluster)
    except BaseException:
        console.print("Ending every process …")
        cluster.parts.end()
        raise
    if (layout.secrets / "accounts.json").exists():
        show(cluster)
    if failures:
        again = "What does not depend on that runs. Once it is mended: `make cluster-down`, `make cluster`."
        raise Failed("\n".join([*failures, again]))


def prepare(layout: Layout) -> None:
    """Fetch what is missing, and write down each part's configuration."""
    console.print("Fetching what is missing; making certificates and secrets …")
    fetch_everything(layout)
    make_certificates(layout.certificates, CERTIFIED)
    configure_all(layout)


def show(cluster: Cluster) -> None:
    """Print where everything is, how to log in, and what it takes."""
    layout = cluster.layout
    logins = json.loads((layout.secrets / "accounts.json").read_text())
    memory = cluster.parts.memory()
    table = Table("part", Column("address", no_wrap=True), "ready after", "memory", title="Parts")
    for part, address in addresses(layout).items():
        mine = sum(size for name, size in memory.items() if name.rpartition("-")[0] == part or name == part)
        seconds = cluster.ready_after.get(part)
        table.add_row(part, address, f"{seconds:.0f} s" if seconds else "", f"{mine // MEGABYTE} MB")
    people = Table("account", "password", "sees", title="Logins")
    for name, login in logins.items():
        people.add_row(name, login["password"], login.get("sees", ""))
    console.print(table, people)
    write_addresses(layout, logins)
    seconds = time.time() - cluster.began
    started = {"all": seconds, "parts": cluster.ready_after, "memory": memory}
    (layout.var / STARTED).write_text(json.dumps(started, indent=2) + "\n")
    console.print(
        f"All parts were ready {seconds:.0f} s after the start, in {sum(memory.values()) // MEGABYTE:,} MB of memory."
    )
    console.print(
        f"{layout.addresses.relative_to(ROOT)} has the addresses and a token for each account. "
        "`make cluster-down` stops everything."
    )


def addresses(layout: Layout) -> dict[str, str]:
    return {
        "api": layout.address("api"),
        "kafka": layout.bootstrap_servers,
        "zookeeper": layout.zookeeper_connect,
        "registry": f"{layout.address('registry')}/apis/ccompat/v7",
        "connect": layout.address("connect"),
        "mysql": f"127.0.0.1:{layout.ports['mysql']}",
        "elasticsearch": layout.address("elasticsearch", "https"),
        "redis": f"127.0.0.1:{layout.ports['redis']}",
        "prometheus": layout.address("prometheus"),
        "alertmanager": layout.address("alertmanager"),
    }


def write_addresses(layout: Layout, logins: dict[str, Any]) -> None:
    """What curl or another Kafka client needs to join in."""
    places = {f"{part.upper()}_URL": address for part, address in addresses(layout).items()}
    people = {
        f"{name.upper()}_{what.upper()}": login[what]
        for name, login in logins.items()
        for what in ("password", "token")
    }
    write_exports(layout.addresses, places | people | {"SUPERVISOR": layout.supervisor})


def status(layout: Layout) -> None:
    """Print each process: its state, pid, uptime, memory, and whether its part does its work."""
    cluster = Cluster(layout)
    if not cluster.parts.attach():
        raise Failed("The cluster does not run: `make cluster` starts it.")
    processes = cluster.parts.rpc.getAllProcessInfo()
    memory = cluster.parts.memory()
    running = {part_of(each) for each in processes if each["statename"] == RUNNING}
    with ThreadPoolExecutor() as pool:
        asked = {name: pool.submit(ask, layout) for name, ask in readiness.QUESTIONS.items() if name in running}
    table = Table("process", "state", "pid", "up", "memory", "ready")
    for each in processes:
        if not each["start"]:
            continue
        up_for = str(timedelta(seconds=each["now"] - each["start"])) if each["pid"] else ""
        size = f"{memory.get(each['name'], 0) // MEGABYTE} MB" if each["pid"] else ""
        answer = asked.get(part_of(each))
        ready = "" if answer is None else "yes" if answer.result() else "[bold red]no[/]"
        table.add_row(each["name"], each["statename"], str(each["pid"] or ""), up_for, size, ready)
    console.print(table)
    if lost := cluster.parts.given_up():
        again = ", ".join(cluster.parts.address_of(name) for name in lost)
        lines = [*lost.values(), f"Once that is mended: .venv/bin/supervisorctl -s {layout.supervisor} start {again}"]
        raise Failed("\n".join(lines))
    if not all(answer.result() for answer in asked.values()):
        raise Failed(f"Some parts are not ready. Their logs are in {layout.var / 'log'}.")


def part_of(process: dict[str, Any]) -> str:
    """The part whose readiness speaks for a process."""
    return str(process["group"])


def down(layout: Layout) -> None:
    cluster = Cluster(layout)
    if not cluster.parts.attach():
        console.print("The cluster does not run.")
        return
    console.print("Ending every process …")
    cluster.parts.end()
    console.print(f"All processes have ended; the data stay in {layout.var.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()
