"""Java's parts from Maven Central, as their lock file names them, without Java or Maven installed."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

from jgo.env import EnvironmentBuilder, EnvironmentSpec, LockedDependency, LockFile
from jgo.maven import MavenContext, PythonResolver


class BrokenArtifact(RuntimeError):
    """A file in the local Maven repository is not the one that was locked."""


def classpath(lock_file: Path, only: Sequence[str] | None = None) -> list[Path]:
    """The locked jars in the local Maven repository, fetched where missing; raises BrokenArtifact.

    only: the artifact ids of those that are wanted.
    """
    lock = LockFile.load(lock_file)
    if only is not None:
        lock.dependencies = [each for each in lock.dependencies if each.artifactId in only]
    context = MavenContext(resolver=PythonResolver())

    def fetch(locked) -> Path:  # type: ignore[no-untyped-def] # jgo names no public type for it
        component = context.project(locked.groupId, locked.artifactId).at_version(locked.version)
        return component.artifact(classifier=locked.classifier or "", packaging=locked.packaging).resolve()

    with ThreadPoolExecutor(8) as pool:
        jars = list(pool.map(fetch, lock.dependencies))
    if errors := lock.verify_checksums(context.repo_cache):
        raise BrokenArtifact("delete these files and start again: " + "; ".join(errors))
    return jars


def write_lock(lock_file: Path, name: str, coordinates: Iterable[str]) -> None:
    """Resolve group:artifact:version coordinates with all they need, and write down what was chosen."""
    spec = EnvironmentSpec(name=name, coordinates=list(coordinates))
    EnvironmentBuilder(context=MavenContext(resolver=PythonResolver())).resolve_lockfile(spec).save(lock_file)


def write_lock_of_files(lock_file: Path, name: str, coordinates: Iterable[str]) -> None:
    """Write down group:artifact:version:packaging[:classifier] files as they are, without what they need."""
    context = MavenContext(resolver=PythonResolver())

    def locked(coordinate: str) -> LockedDependency:
        group, artifact, version, packaging, *classifier = coordinate.split(":")
        component = context.project(group, artifact).at_version(version)
        file = component.artifact(classifier="".join(classifier), packaging=packaging).resolve()
        digest = sha256(file.read_bytes()).hexdigest()
        return LockedDependency(group, artifact, version, packaging, "".join(classifier) or None, digest)

    LockFile([locked(coordinate) for coordinate in coordinates], environment_name=name).save(lock_file)
