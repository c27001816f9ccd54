"""The images that our files name and do not build, made here of Debian's packages: no registry of images is asked.

They are made once for each state of the lock files. What each proves, docs/decisions/0053 says.
"""

import json
import os
import re
import shutil
import subprocess
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from native.driving.embedded import ROOT
from native.packages import debian, libraries, proven
from native.packages.fetching import MONITORING_PACKAGES, MYSQL_PACKAGES
from tests.docker.engine import FOLDER, LIBRARIES, TREE, Engine

CONTEXT = Path(__file__).with_name("bases")
RELEASE = "bookworm"
STAGES = {
    "debian": "debian",
    "python": "python",
    "mysql": "mysql",
    "docker.elastic.co/elasticsearch/elasticsearch": "elasticsearch",
    "redis": "redis",
    "prom/prometheus": "prometheus",
    "prom/alertmanager": "alertmanager",
    "prom/mysqld-exporter": "mysqld-exporter",
    "quay.io/prometheuscommunity/elasticsearch-exporter": "elasticsearch-exporter",
    "oliver006/redis_exporter": "redis-exporter",
    "prom/node-exporter": "node-exporter",
    "grafana/grafana": "grafana",
    "docker.elastic.co/beats/filebeat": "filebeat",
}
"""An image's name → the stage of bases/Dockerfile that stands in for it."""
PLACEHOLDERS = {"grafana", "filebeat"}
"""Stages that only answer their healthcheck."""
UNPACKED = ("mysql", "monitoring", "elasticsearch")
"""Folders of var/lib that go into some of them."""
AUTHORITIES = ("etc/ssl/certs/ca-certificates.crt", "usr/local/share/ca-certificates")
"""Of this machine: whom it trusts, its builds must trust as well."""


class Unknown(LookupError):
    """Our files name an image that nothing here stands in for."""


def make(engine: Engine, of_services: set[str]) -> list[str]:
    """Have every image that is named and not built; returns in sentences what stands in for what. Raises Unknown."""
    stages = {image: stage_of(image) for image in sorted(of_services)}
    # Of an image that only a choice begins with, such as Confluent's, whoever makes that choice hears by the build.
    stages |= {image: STAGES[name_of(image)] for image in sorted(begun_with()) if name_of(image) in STAGES}
    bases = Bases(engine)
    for image, stage in stages.items():
        bases.make(stage)
        engine.docker("tag", bases.name(stage), image)
    return [f"{image}: {'a placeholder' if stage in PLACEHOLDERS else 'a stand-in'}" for image, stage in stages.items()]


def begun_with() -> set[str]:
    """The images that our Dockerfiles begin with, but for their own stages."""
    found = set()
    for dockerfile in (ROOT / "compose").glob("*/Dockerfile"):
        text = dockerfile.read_text()
        stages = set(re.findall(r"^FROM \S+ AS (\S+)", text, re.MULTILINE))
        found |= set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) - stages
    return found


def name_of(image: str) -> str:
    return image.rpartition(":")[0]


def stage_of(image: str) -> str:
    """Raises Unknown."""
    if name_of(image) not in STAGES:
        raise Unknown(f"No stage of tests/docker/bases/Dockerfile stands in for {image}.")
    return STAGES[name_of(image)]


def digest(*files: Path) -> str:
    return sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:12]


class Bases:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @cached_property
    def key(self) -> str:
        """Changes with what goes into them."""
        return digest(proven.LOCK, libraries.ARCHIVES_LOCK, *sorted(CONTEXT.iterdir()))

    def name(self, stage: str) -> str:
        return f"stand-in/{stage}:{digest(proven.LOCK) if stage == 'debian' else self.key}"

    def make(self, stage: str) -> None:
        if json.loads(self.engine.docker("images", "--format", "json", self.name(stage)) or "null"):
            return
        if stage == "debian":
            self._bootstrap()
        else:
            self.make("debian")
            self._build(stage)

    def _build(self, stage: str) -> None:
        self._unpack_all()
        contexts = [f"--build-context=unpacked-{each}={LIBRARIES / each}" for each in UNPACKED]
        arguments = [f"--build-arg=DEBIAN={self.name('debian')}", f"--target={stage}", f"--tag={self.name(stage)}"]
        self.engine.docker("build", "--quiet", *contexts, *arguments, str(CONTEXT))

    def _unpack_all(self) -> None:
        """What plain processes run; what is there already stays."""
        debian.unpack(MYSQL_PACKAGES, LIBRARIES / "mysql")
        debian.unpack(MONITORING_PACKAGES, LIBRARIES / "monitoring")
        libraries.lay_out(LIBRARIES)

    def _bootstrap(self) -> None:
        """Debian's smallest system, with the authorities that this machine trusts."""
        root, archive = FOLDER / "debian", FOLDER / "debian.tar"
        shutil.rmtree(root, ignore_errors=True)
        command = ["sh", str(TREE / "usr/sbin/debootstrap"), "--variant=minbase", f"--keyring={debian.KEYRING}"]
        subprocess.run(
            ["unshare", "--mount", "--pid", "--kill-child", *command, RELEASE, str(root), debian.mirror()],
            env=os.environ | {"DEBOOTSTRAP_DIR": str(TREE / "usr/share/debootstrap")},
            check=True, stdout=(FOLDER / "debootstrap.log").open("w"), stderr=subprocess.STDOUT,
        )  # fmt: skip
        for name in AUTHORITIES:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            if Path("/", name).is_dir():
                shutil.copytree(Path("/", name), root / name, dirs_exist_ok=True)
            elif Path("/", name).exists():
                shutil.copy(Path("/", name), root / name)
        subprocess.run(["tar", "--create", "--file", archive, "--directory", root, "."], check=True)
        self.engine.docker("import", str(archive), self.name("debian"))
        archive.unlink()
        shutil.rmtree(root)
