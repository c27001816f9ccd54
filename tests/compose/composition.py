"""compose/docker-compose.yml as tests read it: plain data, merges done, short forms written out."""

from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped] # its types are a package that nothing else here needs

from native.driving.embedded import ROOT

COMPOSE = ROOT / "compose"
FILE = COMPOSE / "docker-compose.yml"
WHOLE: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = WHOLE["services"]

STEPS = {name: service for name, service in SERVICES.items() if service["restart"] == "no"}
"""Services that end."""
RUNNING = {name: service for name, service in SERVICES.items() if name not in STEPS}
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("data-platform:")}


def environment(service: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in service.get("environment", {}).items()}


def secrets(service: dict[str, Any]) -> dict[str, str]:
    """Path in the container → name of the secret."""
    mounted: list[dict[str, str]] = [
        each if isinstance(each, dict) else {"source": each} for each in service.get("secrets", [])
    ]
    return {str(Path("/run/secrets", each.get("target", each["source"]))): each["source"] for each in mounted}


def mounts(service: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Source, path in the container and mode of each mount."""
    return [(*volume.split(":"), "rw")[:3] for volume in service.get("volumes", [])]


def mounted_files(service: dict[str, Any]) -> dict[str, Path]:
    """Path in the container → file or folder of the repository."""
    return {target: (COMPOSE / source).resolve() for source, target, _ in mounts(service) if source.startswith(".")}


def words(service: dict[str, Any]) -> list[str]:
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
