"""What `make docker` decides, from what Docker says. It runs in a container by itself: the host may have no Python.

python -c "$(cat compose/docker/host.py)" machine ENGINE COMPOSE [built]      what stands in the way, a sentence a line
… published     the addresses that `docker compose config --format json` publishes, each with the variable that moves it
… unwell        the services that `docker compose ps --all --format json` shows unwell, each with how it is
… logins        the accounts that make_demo_accounts wrote, as lines to read

The last three read their input from stdin. `machine` ends with 1 if something stands in the way. Nothing but the
standard library, and pure but for main().
"""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ENGINE, COMPOSE = (25, 0), (2, 24)
"""since when healthchecks may begin in quick turns; since when a file that is extended may be named by a variable"""
MEMORY = 4_000_000_000
"""bytes that the default parts take, with what they keep in the page cache"""
DISK_NEW, DISK_BUILT = 12_000_000_000, 2_000_000_000
"""bytes for all images, what building them leaves, and a start's data; for the data alone"""


def troubles(*, engine: str, compose: str, available: int, free: int, built: bool) -> list[str]:
    """What keeps the platform from starting well, a sentence each; available memory and free disk in bytes."""
    disk = DISK_BUILT if built else DISK_NEW
    return [
        *_too_old("Docker Engine", engine, ENGINE),
        *_too_old("Docker Compose", compose, COMPOSE),
        *_too_small(
            "memory available to Docker", available, MEMORY, "end what you do not need, or give Docker's machine more"
        ),
        *_too_small("disk free where Docker keeps its images", free, disk, "`docker system prune` may free some"),
    ]


def _too_old(program: str, version: str, least: tuple[int, int]) -> list[str]:
    found = re.search(r"(\d+)\.(\d+)", version)
    if found and (int(found[1]), int(found[2])) >= least:
        return []
    return [f"{program} is {version or 'missing'}, and {least[0]}.{least[1]} or later is needed."]


def _too_small(what: str, found: int, needed: int, advice: str) -> list[str]:
    if found >= needed:
        return []
    return [f"{found / 1e9:.1f} GB of {what}, and {needed / 1e9:.0f} GB are needed: {advice}."]


def available_memory(meminfo: str) -> int:
    """The bytes that /proc/meminfo says are to be had; a container sees those of the engine's machine."""
    (kilobytes,) = re.findall(r"^MemAvailable:\s+(\d+) kB$", meminfo, re.MULTILINE)
    return int(kilobytes) * 1024


def published(config: dict[str, Any]) -> Iterator[str]:
    """ADDRESS:PORT VARIABLE of each port on the host, for services that run."""
    for name, service in config["services"].items():
        for port in service.get("ports", []) if service.get("scale", 1) else []:
            yield f"{port.get('host_ip', '0.0.0.0')}:{port['published']} {name.upper().replace('-', '_')}_PORT"  # noqa: S104


def unwell(listed: str) -> Iterator[str]:
    """SERVICE STATE of what ended badly, is unhealthy, or starts over and over; who only waits for them is left out."""
    for each in (json.loads(line) for line in listed.splitlines() if line.strip()):
        if each["State"] == "exited" and each["ExitCode"]:
            yield f"{each['Service']} ended with {each['ExitCode']}"
        elif each["State"] == "restarting" or each["Health"] in ("unhealthy", "starting"):
            yield f"{each['Service']} {each['Health'] or each['State']}"


def logins(accounts: dict[str, dict[str, str]]) -> Iterator[str]:
    for name, account in accounts.items():
        yield f"  {name:14}{account['password']:26}{account.get('sees', '')}"


def main() -> None:
    what, *details = sys.argv[1:]
    if what == "machine":
        engine, compose, *built = details
        lines = troubles(
            engine=engine,
            compose=compose,
            available=available_memory(Path("/proc/meminfo").read_text()),
            free=shutil.disk_usage("/").free,
            built=bool(built),
        )
        sys.exit("\n".join(lines) or 0)
    told = sys.stdin.read()
    found = unwell(told) if what == "unwell" else {"published": published, "logins": logins}[what](json.loads(told))
    sys.stdout.writelines(f"{line}\n" for line in found)


if __name__ == "__main__":
    main()
