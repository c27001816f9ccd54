"""What images are built of, and who builds them."""

import re
import tomllib
from pathlib import Path

import pytest
from django.conf import settings

from native.driving.embedded import ROOT
from native.packages import artifacts, libraries
from tests.compose.composition import COMPOSE, CONFLUENT, DOCKERFILES, SERVICES, mounts, words

each_service = pytest.mark.parametrize("name", SERVICES)


@each_service
def test_images_are_pinned_to_a_release(name: str) -> None:
    assert re.search(r":v?\d+\.\d+\.\d+[\w.-]*$", SERVICES[name]["image"]), SERVICES[name]["image"]


def test_dockerfiles_begin_with_pinned_images_and_need_no_other() -> None:
    for dockerfile in DOCKERFILES:
        text = dockerfile.read_text()
        assert "# syntax=" not in text, f"{dockerfile} would pull its own frontend"
        stages = re.findall(r"^FROM \S+ AS (\S+)$", text, re.MULTILINE)
        for image in re.findall(r"^FROM (\S+)", text, re.MULTILINE):
            chosen = re.fullmatch(r"(\w+)-\$\{\w+\}", image)
            own = [stage for stage in stages if stage == image or (chosen and stage.startswith(f"{chosen[1]}-"))]
            assert own or re.search(r":\d+\.\d+[\w.-]*$", image), f"{dockerfile}: {image}"


def test_an_image_is_built_by_one_service_and_never_pulled() -> None:
    built: dict[str, list[str]] = {}
    for name, service in SERVICES.items():
        if service["image"].startswith("data-platform"):
            assert ("build" in service) != (service.get("pull_policy") == "never"), name
            if "build" in service:
                built.setdefault(service["image"].partition(":")[0], []).append(name)
    # Who makes the secrets comes before everything else, and is not part of it.
    assert built == {
        "data-platform": ["secrets", "api"],
        "data-platform-java": ["zookeeper-1"],
        "data-platform-connect": ["connect"],
        "data-platform-mtail": ["mtail"],
    }
    assert SERVICES["secrets"]["build"] == SERVICES["api"]["build"]
    for service in SERVICES.values():
        if build := service.get("build"):
            assert (COMPOSE / build["context"] / build["dockerfile"]).exists()


def test_confluents_parts_are_of_one_release() -> None:
    release = CONFLUENT["registry"]["image"].partition(":")[2]
    assert SERVICES["connect"]["build"]["args"]["CONVERTER_VERSION"] == release
    # 7.9 is Kafka 3.9, the last with ZooKeeper.
    assert release.startswith("7.9.")
    assert libraries.KAFKA.startswith("3.9.")
    dockerfile = (COMPOSE / "java" / "Dockerfile").read_text()
    for name, version in SERVICES["connect"]["build"]["args"].items():
        assert f"ARG {name}={version}\n" in dockerfile


def test_plain_processes_and_images_run_the_same_elasticsearch() -> None:
    assert SERVICES["elasticsearch"]["image"].endswith(f":{libraries.ELASTICSEARCH}")
    assert SERVICES["filebeat"]["image"].endswith(f":{libraries.ELASTICSEARCH}")


def test_plain_processes_and_images_run_the_same_java_archives() -> None:
    """The image's files come by the code and the locks by which those of plain processes do."""
    dockerfile = (COMPOSE / "java" / "Dockerfile").read_text()
    copied = {ROOT / word for line in re.findall(r"^COPY (native|compose)(.+) \S+$", dockerfile, re.MULTILINE)
              for word in "".join(line).split()}  # fmt: skip
    locks = {libraries.KAFKA_LOCK, libraries.CONVERTER_LOCK, libraries.ARCHIVES_LOCK}
    assert copied == locks | {Path(libraries.__file__), Path(artifacts.__file__)}
    ignored = (COMPOSE / "java" / "Dockerfile.dockerignore").read_text().splitlines()
    assert {ROOT / line[1:] for line in ignored if line.startswith("!")} == copied | {ROOT / "requirements.txt"}
    archives = {each["artifactId"] for each in tomllib.loads(libraries.ARCHIVES_LOCK.read_text())["dependencies"]}
    assert archives == {*libraries.SHARED_ARCHIVES, "elasticsearch"}


def test_both_images_of_the_platform_take_the_same_files_of_it() -> None:
    of_cluster, of_demo = (
        {line[1:] for line in file.read_text().splitlines() if line.startswith("!")}
        for file in (ROOT / ".dockerignore", COMPOSE / "embedded" / "Dockerfile.dockerignore")
    )
    ours = {path for path in of_cluster if not path.startswith(("compose/", "native/", "requirements"))}
    assert "docs/runbooks" in ours
    assert {name for name in settings.INSTALLED_APPS if (ROOT / name).is_dir()} <= ours
    assert ours <= of_demo


def test_agents_that_are_named_are_those_in_the_images() -> None:
    scripts = [*(" ".join(words(service)) for service in SERVICES.values())]
    scripts += [
        (COMPOSE / "zookeeper" / "docker-start.sh").read_text(),
        (ROOT / "native" / "cluster.conf").read_text(),
    ]
    named = {agent for text in scripts for agent in re.findall(r"-javaagent:\S*?agents/([\w.-]+\.jar)", text)}
    assert named == {
        f"jmx_prometheus_javaagent-{libraries.JMX_EXPORTER}.jar",
        f"byteman-{libraries.BYTEMAN}.jar",
    }


DECLARED_VOLUMES = {
    "mysql": ["/var/lib/mysql"],
    "redis": ["/data"],
    "prom/prometheus": ["/prometheus"],
    "prom/alertmanager": ["/alertmanager"],
    "confluentinc/cp-schema-registry": ["/etc/schema-registry/secrets"],
}
"""What images declare as volumes: what is mounted there by nobody becomes a volume without a name at each `up`."""


def test_no_volume_without_a_name_is_left_behind() -> None:
    for name, service in [*SERVICES.items(), ("registry", CONFLUENT["registry"])]:
        covered = {target for _, target, _ in mounts(service)} | set(service.get("tmpfs", []))
        assert set(DECLARED_VOLUMES.get(service["image"].partition(":")[0], [])) <= covered, name
    for dockerfile in DOCKERFILES:
        assert not re.search(r"^VOLUME", dockerfile.read_text(), re.MULTILINE), dockerfile


def test_compilers_stay_in_the_stage_that_builds() -> None:
    last_stage = (COMPOSE / "platform" / "Dockerfile").read_text().split("\nFROM ")[-1]
    assert not re.search(r"gcc|-dev\b|pip install", last_stage)
