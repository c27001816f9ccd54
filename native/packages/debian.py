"""Programs of Debian: from the machine, or unpacked beside it from the unstable release, where it has no such version.

Unpacked programs run through a loader and libraries of their own, so the machine's own C library need not fit them, and
they need no root.

python -m native.packages.debian FOLDER PROGRAM [ARGUMENT …]    run an unpacked one: var/lib/mysql usr/bin/mysql …
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from native.packages import proven
from native.packages.proven import Package

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class NotInstalled(RuntimeError):
    """A program is missing, and only root may install it; says how."""


def install_if_missing(programs: dict[str, str]) -> None:
    """Have programs on the machine, given as path or name → Debian package; raises NotInstalled."""
    missing = sorted({package for program, package in programs.items() if not shutil.which(program)})
    if not missing:
        return
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *missing]
    if os.geteuid() != 0:
        raise NotInstalled(f"Some programs are missing, and only root may install them: sudo {' '.join(command)}")
    # Debian starts what it installs; we start our own, on other ports.
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for each in (["apt-get", "update"], command):
        _run(each, environment)


def unpack(packages: Sequence[str], folder: Path) -> None:
    """Unpack packages of Debian's unstable release, with all they need, into a folder; one that has them stays."""
    mark = folder / ".unpacked"
    if mark.exists() and mark.read_text().split() == list(packages):
        return
    shutil.rmtree(folder, ignore_errors=True)
    own = folder.with_name(folder.name + ".apt")
    known = proven.read()
    archives = _download(own, proven.pinned(packages, known), packages)
    if others := proven.differences(_named(archives, packages), known):
        sys.stderr.write(f"Debian has other versions than were proven: {', '.join(others)}.\n")
    for archive in archives:
        _run(["dpkg-deb", "-x", str(archive), str(folder)], dict(os.environ))
    shutil.rmtree(own)
    mark.write_text(" ".join(packages))


def fetch(packages: Sequence[str], own: Path) -> list[Package]:
    """The newest of these packages, fetched into a folder, to be written down as proven."""
    return _named(_download(own, packages), packages)


def _download(own: Path, packages: Sequence[str], otherwise: Sequence[str] = ()) -> list[Path]:
    """The archives of the packages and of all that they need; otherwise: of these, where Debian lacks some."""
    environment = os.environ | {"APT_CONFIG": str(_apt_configuration(own)), "DEBIAN_FRONTEND": "noninteractive"}
    _run(["apt-get", "update"], environment)
    try:
        _run(["apt-get", "install", "--download-only", *packages], environment)
    except NotInstalled:
        if not otherwise:
            raise
        _run(["apt-get", "install", "--download-only", *otherwise], environment)
    return sorted((own / "cache" / "archives").glob("*.deb"))


def _named(archives: Sequence[Path], packages: Sequence[str]) -> list[Package]:
    """What the archives of these packages are, without what they need."""
    found = []
    for archive in archives:
        name, version, architecture = (
            subprocess.run(
                ["/usr/bin/dpkg-deb", "--field", str(archive), field], text=True, capture_output=True, check=True
            ).stdout.strip()
            for field in ("Package", "Version", "Architecture")
        )
        if name in packages:
            found.append(Package(name, version, architecture, sha256(archive.read_bytes()).hexdigest()))
    return found


def command_of(folder: Path, program: str) -> list[str]:
    """How an unpacked program is called."""
    libraries = libraries_of(folder)
    loaders = [str(loader) for loader in libraries.glob("ld-linux-*.so.*")]
    return [*loaders, "--library-path", str(libraries), str(folder / program)]


def libraries_of(folder: Path) -> Path:
    """Where unpacked programs have their libraries; a name that does not exist as long as nothing is unpacked."""
    return next(folder.glob("usr/lib/*/ld-linux-*.so.*"), folder / "usr" / "lib" / "none" / "loader").parent


def _apt_configuration(own: Path) -> Path:
    """An apt that knows no installed package, so that it fetches all, and writes nowhere but here."""
    for folder in ("lists/partial", "cache/archives/partial", "parts"):
        (own / folder).mkdir(parents=True, exist_ok=True)
    (own / "status").touch()
    (own / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror()} sid main\n")
    (own / "apt.conf").write_text(
        f'Dir::Etc::sourcelist "{own}/sources.list"; Dir::Etc::sourceparts "{own}/parts";\n'
        f'Dir::Etc::preferences "{own}/parts/none"; Dir::Etc::preferencesparts "{own}/parts";\n'
        f'Dir::State "{own}"; Dir::State::lists "{own}/lists"; Dir::State::status "{own}/status";\n'
        f'Dir::Cache "{own}/cache";\n'
        'APT::Sandbox::User ""; APT::Get::Assume-Yes "true"; APT::Install-Recommends "false";\n'
        'Acquire::Languages "none"; Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";\n'
    )
    return own / "apt.conf"


def mirror() -> str:
    """The mirror from which the machine itself takes Debian; raises NotInstalled."""
    targets = subprocess.run(
        ["/usr/bin/apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI)", "Created-By: Packages"],
        text=True, stdout=subprocess.PIPE, check=False,
    )  # fmt: skip
    mirrors = [line.split()[1] for line in targets.stdout.splitlines() if line.startswith("Debian http")]
    if not mirrors:
        raise NotInstalled(
            "apt-get names no mirror of Debian: this machine is none, or its /etc/apt/sources.list is empty"
        )
    return mirrors[0]


def _run(command: Sequence[str], environment: dict[str, str]) -> None:
    done = subprocess.run(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode:
        raise NotInstalled(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")


if __name__ == "__main__":
    _, unpacked, name, *rest = sys.argv
    command = command_of(Path(unpacked), name)
    os.execv(command[0], [*command, *rest])  # noqa: S606 - what it was called for
