"""compose/docker-compose.yml as tests read it: variables filled in, what is extended merged, short forms spelt out."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped] # its types are a package that nothing else here needs

from native.driving.embedded import ROOT
from native.with_env import variables

COMPOSE = ROOT / "compose"
FILE = COMPOSE / "docker-compose.yml"
Service = dict[str, Any]


def read(file: Path, chosen: Mapping[str, str]) -> dict[str, Any]:
    """A file with its variables filled in: as chosen, or with the default that stands beside each."""
    text, before = file.read_text(), ""
    while text != before:
        # The innermost first: a default may hold a variable.
        before = text
        text = re.sub(r"\$\{(\w+):-([^${}]*)\}", lambda found: chosen.get(found[1], found[2]), text)
    return dict(yaml.safe_load(text))


def services(chosen: Mapping[str, str] | None = None) -> dict[str, Service]:
    """Every service, for these values of variables."""
    return {
        name: extended(service, FILE.parent, chosen or {})
        for name, service in read(FILE, chosen or {})["services"].items()
    }


def extended(service: Service, folder: Path, chosen: Mapping[str, str]) -> Service:
    """A service with what it extends under it, whose paths are made those of compose/."""
    if not (source := service.pop("extends", None)):
        return service
    file = folder / source["file"]
    under = read(file, chosen)["services"][source["service"]]
    under["volumes"] = [volume.replace("../../", "./", 1) for volume in under.get("volumes", [])]
    return merged(under, service)


def merged(under: Service, over: Service) -> Service:
    """Lists are joined, mappings merged; of anything else the upper one counts."""
    result = under | over
    for name in under.keys() & over.keys():
        if isinstance(under[name], dict):
            result[name] = under[name] | over[name]
        elif isinstance(under[name], list):
            result[name] = under[name] + over[name]
    return result


DOCKERFILES = sorted(COMPOSE.glob("*/Dockerfile"))
WHOLE: dict[str, Any] = read(FILE, {})
SERVICES = services()
CONFLUENT = services({"REGISTRY": "confluent"})
"""as whoever chooses Confluent's registry gets them"""

STEPS = {name: service for name, service in SERVICES.items() if service["restart"] == "no"}
"""Services that end."""
RUNNING = {name: service for name, service in SERVICES.items() if name not in STEPS}
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("data-platform:")}


def environment(service: Service) -> dict[str, str]:
    file = service.get("env_file")
    named = variables([COMPOSE / file]) if file else {}
    return named | {name: str(value) for name, value in service.get("environment", {}).items()}


def secrets(service: Service) -> dict[str, str]:
    """Path in the container → name of the secret."""
    mounted: list[dict[str, str]] = [
        each if isinstance(each, dict) else {"source": each} for each in service.get("secrets", [])
    ]
    return {str(Path("/run/secrets", each.get("target", each["source"]))): each["source"] for each in mounted}


def mounts(service: Service) -> list[tuple[str, str, str]]:
    """Source, path in the container and mode of each mount."""
    return [(*volume.split(":"), "rw")[:3] for volume in service.get("volumes", [])]


def mounted_files(service: Service) -> dict[str, Path]:
    """Path in the container → file or folder of the repository."""
    return {target: (COMPOSE / source).resolve() for source, target, _ in mounts(service) if source.startswith(".")}


def words(service: Service) -> list[str]:
    """Everything that is run in it: entrypoint, command, healthcheck."""
    return [
        word
        for line in (
            service.get("entrypoint", []),
            service.get("command", []),
            service.get("healthcheck", {}).get("test", []),
        )
        for argument in line
        for word in argument.split()
    ]


DJANGO = {name: service for name, service in OURS.items() if "manage.py" in words(service) or "config" in str(service)}
"""Those that load the settings."""
