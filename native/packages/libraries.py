"""The cluster's Java parts: locked jars and archives from Maven Central, laid out in folders to be run from.

python -m native.packages.libraries                 fetch them
python -m native.packages.libraries --copy FOLDER   fetch what images hold, and copy it there
python -m native.packages.libraries --lock          choose them anew and write the lock files
"""

import argparse
import shutil
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from native.packages import artifacts

# Not layout's: it wants a Java runtime, and the stage of an image that fetches these files has none.
ROOT = Path(__file__).resolve().parent.parent.parent
KAFKA = "3.9.1"  # the last line that runs with ZooKeeper
DEBEZIUM = "3.5.0.Final"
APICURIO = "2.6.13.Final"
ELASTICSEARCH = "8.19.21"
JMX_EXPORTER = "1.0.1"
BYTEMAN = "4.0.27"

KAFKA_LOCK = ROOT / "compose" / "kafka" / "cluster.lock.toml"
CONVERTER_LOCK = ROOT / "compose" / "connect" / "converter.lock.toml"
ARCHIVES_LOCK = ROOT / "native" / "packages" / "archives.lock.toml"

KAFKA_COORDINATES = [
    *(f"org.apache.kafka:{name}:{KAFKA}" for name in ("kafka_2.13", "kafka-tools")),
    *(f"org.apache.kafka:{name}:{KAFKA}" for name in ("connect-runtime", "connect-json", "connect-transforms")),
    "org.slf4j:slf4j-reload4j:1.7.36",
]
CONVERTER_COORDINATES = [f"io.apicurio:apicurio-registry-utils-converter:{APICURIO}"]
ARCHIVES = [
    f"io.debezium:debezium-connector-mysql:{DEBEZIUM}:tar.gz:plugin",
    f"io.apicurio:apicurio-registry-app:{APICURIO}:tar.gz:all",
    f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{ELASTICSEARCH}:zip",
    f"io.prometheus.jmx:jmx_prometheus_javaagent:{JMX_EXPORTER}:jar",
    f"org.jboss.byteman:byteman:{BYTEMAN}:jar",
]
SHARED_ARCHIVES = ("debezium-connector-mysql", "apicurio-registry-app", "jmx_prometheus_javaagent", "byteman")
"""those that images hold too"""


def lay_out(folder: Path) -> None:
    """Bring kafka, connect-plugins/…, registry, elasticsearch and agents, fetched where missing, into a folder."""
    lay_out_shared(folder)
    (elasticsearch,) = artifacts.classpath(ARCHIVES_LOCK, only=["elasticsearch"])
    unpack(elasticsearch, folder / "elasticsearch")


def lay_out_shared(folder: Path) -> None:
    """What plain processes and images run alike: all of it but Elasticsearch."""
    link(artifacts.classpath(KAFKA_LOCK), folder / "kafka")
    link(artifacts.classpath(CONVERTER_LOCK), folder / "connect-plugins" / "apicurio-converter")
    debezium, registry, *agents = artifacts.classpath(ARCHIVES_LOCK, only=SHARED_ARCHIVES)
    link(agents, folder / "agents")
    unpack(debezium, folder / "connect-plugins" / "debezium-connector-mysql")
    unpack(registry, folder / "registry")


def copy_into(folder: Path) -> None:
    """Lay the shared part out as files of its own, without links into Maven's repository."""
    with TemporaryDirectory(prefix="libraries-") as linked:
        lay_out_shared(Path(linked))
        shutil.copytree(linked, folder)


def link(jars: Iterable[Path], folder: Path) -> None:
    """Make a folder hold links to just these jars, so that folder/* is their class path."""
    wanted = {jar.name: jar for jar in jars}
    folder.mkdir(parents=True, exist_ok=True)
    for found in folder.iterdir():
        if found.name not in wanted or found.readlink() != wanted[found.name]:
            found.unlink()
    for name, jar in wanted.items():
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(jar)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack an archive into a folder, without the folder that all its files are in; one unpacked before stays."""
    mark = folder / ".unpacked"
    if mark.exists() and mark.read_text() == archive.name:
        return
    shutil.rmtree(folder, ignore_errors=True)
    beside = folder.with_suffix(".part")
    shutil.rmtree(beside, ignore_errors=True)
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as files:
            files.extractall(beside)  # noqa: S202 - its checksum is locked
        for script in beside.glob("*/bin/*"):
            script.chmod(0o755)
    else:
        with tarfile.open(archive) as files:
            # Python has this filter from 3.11.4 on; Debian 12 has 3.11.2.
            files.extraction_filter = getattr(tarfile, "data_filter", None)
            files.extractall(beside)  # noqa: S202 - its checksum is locked
    inner = list(beside.iterdir())
    if len(inner) == 1:
        inner[0].rename(folder)
        beside.rmdir()
    else:
        beside.rename(folder)
    mark.write_text(archive.name)


def main() -> None:
    parser = argparse.ArgumentParser(
        "python -m native.packages.libraries", description="Fetch the cluster's Java parts."
    )
    parser.add_argument("--lock", action="store_true", help="choose them anew and write the lock files")
    parser.add_argument(
        "--copy", type=Path, metavar="FOLDER", help="copy what images hold into a folder that is not there"
    )
    options = parser.parse_args()
    if options.copy:
        copy_into(options.copy)
        return
    if options.lock:
        artifacts.write_lock(KAFKA_LOCK, "kafka-cluster", KAFKA_COORDINATES)
        artifacts.write_lock(CONVERTER_LOCK, "connect-avro", CONVERTER_COORDINATES)
        artifacts.write_lock_of_files(ARCHIVES_LOCK, "archives", ARCHIVES)
    for lock in (KAFKA_LOCK, CONVERTER_LOCK, ARCHIVES_LOCK):
        artifacts.classpath(lock)


if __name__ == "__main__":
    main()
