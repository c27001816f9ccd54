"""Which packages of Debian the cluster was proven with, and what to say of others. Pure but for the file.

Debian's unstable release keeps the newest version only, so a pin would stop every start from the day of the next one
on. What was proven is taken where it is still to be had; where it is not, the start says what differs, and goes on.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

LOCK = Path(__file__).with_name("debian.lock.toml")


@dataclass(frozen=True, slots=True)
class Package:
    name: str
    version: str
    architecture: str
    sha256: str
    """of its .deb, which differs between architectures"""


class WrongContent(RuntimeError):
    """A package bears a version that was proven, and holds something else."""


def read(lock: Path = LOCK) -> dict[str, Package]:
    """What was proven, by name."""
    return {name: Package(name, **each) for name, each in tomllib.loads(lock.read_text()).items()}


def pinned(names: Iterable[str], proven: Mapping[str, Package]) -> list[str]:
    """The names as apt takes them, with the version that was proven where there is one."""
    return [f"{name}={proven[name].version}" if name in proven else name for name in names]


def differences(found: Iterable[Package], proven: Mapping[str, Package]) -> list[str]:
    """What is another version than was proven, in words; raises WrongContent."""
    others = []
    for package in found:
        was = proven.get(package.name)
        if was is None:
            others.append(f"{package.name} {package.version} (never proven)")
        elif was.version != package.version:
            others.append(f"{package.name} {package.version} (proven: {was.version})")
        elif was.architecture == package.architecture and was.sha256 != package.sha256:
            raise WrongContent(
                f"{package.name} {package.version} has the checksum {package.sha256}, and the one that was proven "
                f"{was.sha256}. See where this machine takes Debian's packages from."
            )
    return others


def written(found: Iterable[Package]) -> str:
    """A lock file of what was found."""
    return "\n".join(
        f'["{each.name}"]\nversion = "{each.version}"\narchitecture = "{each.architecture}"\nsha256 = "{each.sha256}"\n'
        for each in sorted(found, key=lambda each: each.name)
    )
