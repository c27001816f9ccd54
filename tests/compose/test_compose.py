"""What compose/docker-compose.yml says is held against what is in the repository."""

import json
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands

from compose.docker import secret_files
from native.driving.embedded import ROOT
from native.layout import CERTIFIED
from native.packages import libraries
from native.security import acls
from native.with_env import variables
from streaming import topology
from streaming.topics import Topic, topic_configs
from tests.compose.composition import (
    COMPOSE,
    OURS,
    RUNNING,
    SERVICES,
    STEPS,
    WHOLE,
    environment,
    mounted_files,
    mounts,
    secrets,
    words,
)

DOCKERFILES = sorted(COMPOSE.glob("*/Dockerfile"))
CLUSTER = variables([COMPOSE / "cluster.env"])
DJANGO = {name: service for name, service in OURS.items() if "manage.py" in words(service) or "config" in str(service)}
each_service = pytest.mark.parametrize("name", SERVICES)
each_running_service = pytest.mark.parametrize("name", RUNNING)

NOT_MOUNTED = {
    "kafka/embedded.properties": "for `make demo`",
    "kafka/rsyslog.conf": "filebeat carries the same lines",
    "registry/apicurio.properties": "plain processes run another registry with the same API",
    "mysql/accounts.sql": "comes as a secret, its passwords filled in",
    "mysql/docker-client.cnf": "is in our image",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of secrets as `make secrets` makes it."""
    folder = tmp_path_factory.mktemp("secrets")
    secret_files.make(folder)
    return folder


def tracked(folder: str) -> set[Path]:
    """The files that git knows, or would add, under a folder."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", folder]
    listed = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=True)
    return {ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).exists()}


# --- Files ------------------------------------------------------------------------------------------------------------
@each_service
def test_what_is_mounted_is_in_the_repository_and_cannot_be_written(name: str) -> None:
    files = mounted_files(SERVICES[name])
    known = tracked("compose") | tracked("grafana")
    missing = {str(file) for file in files.values() if not any(each.is_relative_to(file) for each in known)}
    assert missing == set()
    assert {mode for source, _, mode in mounts(SERVICES[name]) if source.startswith(".")} <= {"ro"}


def test_every_file_of_configuration_is_mounted_somewhere() -> None:
    kinds = {".properties", ".yml", ".cnf", ".conf", ".options", ".sql", ".json", ".sh", ".btm", ".mtail"}
    parts = (
        "zookeeper",
        "kafka",
        "registry",
        "connect",
        "mysql",
        "elasticsearch",
        "redis",
        "prometheus",
        "alertmanager",
    )
    ours = {file for part in parts for file in tracked(f"compose/{part}") if file.suffix in kinds}
    mounted = {file for service in SERVICES.values() for file in mounted_files(service).values()}
    left_out = {file for file in ours if not any(file.is_relative_to(each) for each in mounted)}
    assert {str(file.relative_to(COMPOSE)) for file in left_out} == set(NOT_MOUNTED)


@each_service
def test_named_volumes_are_declared(name: str) -> None:
    named = {source for source, _, _ in mounts(SERVICES[name]) if not source.startswith(".")}
    assert named <= set(WHOLE["volumes"])


def test_every_declared_volume_and_network_is_used() -> None:
    assert set(WHOLE["volumes"]) == {
        source for each in SERVICES.values() for source, _, _ in mounts(each) if not source.startswith(".")
    }
    assert set(WHOLE["networks"]) == {network for each in SERVICES.values() for network in each.get("networks", [])}


# --- Secrets ----------------------------------------------------------------------------------------------------------
def test_every_secret_is_made_declared_and_used(made: Path) -> None:
    declared = WHOLE["secrets"]
    assert {name: secret["file"] for name, secret in declared.items()} == {
        name: f"./secrets/{name}" for name in declared
    }
    assert set(declared) - {file.name for file in made.iterdir()} == set()
    assert set(declared) == {secret for service in SERVICES.values() for secret in secrets(service).values()}


def test_the_key_that_signs_certificates_is_in_no_container() -> None:
    assert "ca.key" not in WHOLE["secrets"]


@each_service
def test_no_secret_stands_in_the_file(name: str) -> None:
    for variable, value in environment(SERVICES[name]).items():
        if re.search(r"PASSWORD|SECRET|TOKEN|KEY", variable):
            assert value == "" or value.startswith("/run/secrets/"), variable
    for word in words(SERVICES[name]):
        assert not re.search(r"(password|requirepass|secret)[=:](?!\"?\$\$|/run/secrets)", word, re.IGNORECASE), word


@each_service
def test_every_path_of_a_secret_that_is_named_is_mounted(name: str) -> None:
    service = SERVICES[name]
    named = set(re.findall(r"/run/secrets/[\w.-]+", " ".join([*words(service), *environment(service).values()])))
    assert named <= set(secrets(service))


def test_secrets_and_data_stay_out_of_git_and_of_images() -> None:
    assert tracked("compose/secrets") == {COMPOSE / "secrets" / ".gitignore"}
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == "*"
    taken = [line.removeprefix("!") for line in lines if line.startswith("!")]
    for path in (
        "compose/secrets/django",
        "var/secret-key",
        ".git/config",
        "tests/conftest.py",
        "compose/embedded.env",
    ):
        assert not any(Path(path).is_relative_to(each) for each in taken), path


def test_our_image_has_all_that_runs_in_it() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    taken = [line.removeprefix("!") for line in lines if line.startswith("!")]
    modules = {word for service in OURS.values() for word in words(service) if word.startswith(("compose.", "native."))}
    assert modules == {"native.with_env", "native.security.accounts", "compose.docker.alive"}
    needed = {f"{module.replace('.', '/')}.py" for module in modules | {"native.security.acls"}}
    needed |= {"manage.py", "schemas/transaction.avsc", "connectors/outbox.json", "platform/config/settings.py"}
    needed |= {f"{app}/models.py" for app in ("transactions", "fraud", "analytics", "notifications")}
    needed |= {"search/query.py", "monitoring/views.py", secret_files.CLIENT_CNF.removeprefix("/app/")}
    needed |= {environment(SERVICES["api"])["PLATFORM_ENV"], "docs/runbooks/watchdog.md"}
    for path in needed:
        assert (ROOT / path).exists(), path
        assert any(Path(path).is_relative_to(each) for each in taken), path


# --- Images -----------------------------------------------------------------------------------------------------------
@each_service
def test_images_are_pinned_to_a_release(name: str) -> None:
    assert re.search(r":v?\d+\.\d+\.\d+[\w.-]*$", SERVICES[name]["image"]), SERVICES[name]["image"]


def test_dockerfiles_begin_with_pinned_images() -> None:
    for dockerfile in DOCKERFILES:
        for image in re.findall(r"^FROM (\S+)", dockerfile.read_text(), re.MULTILINE):
            assert re.search(r":\d+\.\d+\.\d+[\w.-]*$", image), f"{dockerfile}: {image}"


def test_kafkas_parts_are_of_one_release() -> None:
    named = [service["image"] for service in SERVICES.values()] + [each.read_text() for each in DOCKERFILES]
    releases = {release for text in named for release in re.findall(r"confluentinc/cp-[\w-]+:(\S+)", text)}
    assert len(releases) == 1
    # 7.9 is Kafka 3.9, the last with ZooKeeper, which plain processes run.
    assert releases.pop().startswith("7.9.")
    assert libraries.KAFKA.startswith("3.9.")


def test_plain_processes_and_images_run_the_same_elasticsearch() -> None:
    assert SERVICES["elasticsearch"]["image"].endswith(f":{libraries.ELASTICSEARCH}")
    assert SERVICES["filebeat"]["image"].endswith(f":{libraries.ELASTICSEARCH}")


def test_plain_processes_and_images_run_the_same_java_archives() -> None:
    locked = {
        f"{each['groupId']}:{each['artifactId']}:{each['version']}": each["sha256"]
        for each in tomllib.loads(libraries.ARCHIVES_LOCK.read_text())["dependencies"]
    }
    taken = {
        dockerfile.parent.name: {
            coordinates: locked[coordinates]
            for coordinates in re.findall(r"-Dartifact=([\w.]+:[\w-]+:[\w.]+)", dockerfile.read_text())
        }
        for dockerfile in DOCKERFILES
    }
    assert {folder: len(archives) for folder, archives in taken.items() if archives} == {
        "connect": 2,
        "kafka": 2,
        "zookeeper": 1,
    }
    for folder, archives in taken.items():
        checked = re.findall(r'echo "(\w{64})  ', (COMPOSE / folder / "Dockerfile").read_text())
        assert sorted(checked) == sorted(archives.values())


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


# --- Confinement ------------------------------------------------------------------------------------------------------
@each_service
def test_a_container_can_gain_no_rights_and_takes_only_its_memory(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["logging"]["options"]["max-size"]
    assert "privileged" not in service


def test_ports_are_published_on_loopback_only_and_each_once() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    for port in published:
        assert re.fullmatch(r"127\.0\.0\.1:(\d+):\1", port), port
    assert len(published) == len(set(published))


def test_only_brokers_reach_zookeeper() -> None:
    near = {name for name, service in SERVICES.items() if "coordination" in service.get("networks", [])}
    assert near == {f"{part}-{node}" for part in ("zookeeper", "kafka") for node in (1, 2, 3)}
    assert WHOLE["networks"]["coordination"] == {"internal": True}
    # Prometheus asks the nodes how they are, over a network of their own.
    for node in (1, 2, 3):
        assert SERVICES[f"zookeeper-{node}"]["networks"] == ["coordination", "monitoring"]
    asking = {name for name, service in SERVICES.items() if "monitoring" in service.get("networks", [])}
    assert asking - near == {"prometheus"}
    assert WHOLE["networks"]["monitoring"] == {"internal": True}


def test_our_image_runs_as_nobody_special_on_files_it_cannot_change() -> None:
    last_stage = (COMPOSE / "platform" / "Dockerfile").read_text().split("\nFROM ")[-1]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", last_stage, re.MULTILINE)
    for name, service in OURS.items():
        assert service["read_only"], name
        assert service["tmpfs"] == ["/tmp"], name
        assert "user" not in service, name


def test_compilers_stay_in_the_stage_that_builds() -> None:
    last_stage = (COMPOSE / "platform" / "Dockerfile").read_text().split("\nFROM ")[-1]
    assert not re.search(r"gcc|-dev\b|pip install", last_stage)


# --- Order ------------------------------------------------------------------------------------------------------------
@each_running_service
def test_what_runs_on_is_started_again_and_says_how_it_is(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


@each_service
def test_whoever_waits_waits_for_health_or_for_success(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        expected = "service_completed_successfully" if other in STEPS else "service_healthy"
        assert how == {"condition": expected}, other


def test_every_step_is_waited_for() -> None:
    waited_for = {other for service in SERVICES.values() for other in service.get("depends_on", {})}
    assert {name for name in STEPS if SERVICES[name].get("profiles") != ["by-hand"]} <= waited_for


def test_nothing_that_always_runs_waits_for_what_a_profile_starts() -> None:
    for name, service in SERVICES.items():
        if "profiles" not in service:
            assert not any("profiles" in SERVICES[other] for other in service.get("depends_on", {})), name


def before(name: str) -> set[str]:
    """All that a service waits for, near and far."""
    near = set(SERVICES[name].get("depends_on", {}))
    return near.union(*(before(other) for other in near))


@pytest.mark.parametrize("name", ["api", "recorder", "fraud", "aggregator", "notifier", "monitor", "celery-worker"])
def test_connectors_come_before_whoever_writes(name: str) -> None:
    assert {"connectors", "mysql-grants", "search-index", "topics", "schemas", "migrate"} <= before(name)


# --- Settings ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", DJANGO)
def test_our_processes_are_told_settings_that_exist(name: str) -> None:
    assert set(environment(SERVICES[name])) - set(CLUSTER) == {"PLATFORM_ENV"}


@pytest.mark.parametrize("name", DJANGO)
def test_every_setting_of_this_machine_is_told_anew(name: str, made: Path) -> None:
    of_this_machine = {key for key, value in CLUSTER.items() if "127.0.0.1" in value or "var/" in value}
    told = set(environment(SERVICES[name])) | set(variables([made / "platform.env"]))
    # Celery keeps messages in a folder only where it has no Redis.
    assert of_this_machine - told == {"CELERY_FOLDER"}


@pytest.mark.parametrize("name", DJANGO)
def test_our_processes_run_commands_that_exist(name: str) -> None:
    command = words({"command": SERVICES[name]["command"]})
    if "manage.py" in command:
        assert command[command.index("manage.py") + 1] in get_commands()


def test_each_worker_runs_under_its_own_principal_and_is_asked_for_in_its_own_group(settings: Any) -> None:
    settings.INDEXED_BY = "run_indexer"
    readers = {worker.command: worker for worker in topology.WORKERS if worker.group}
    found = {}
    for name, service in OURS.items():
        command = words({"command": service["command"]})
        if "worker" in service.get("healthcheck", {}).get("test", []):
            reader = readers[command[command.index("manage.py") + 1]]
            principal = secrets(service)["/run/secrets/kafka.env"].removeprefix("kafka-").removesuffix(".env")
            assert (name, principal) == (reader.name, reader.name)
            assert service["healthcheck"]["test"][-1] == reader.group
            found[reader.command] = name
    assert set(found) == set(readers)


def test_the_api_has_no_account_of_kafka() -> None:
    assert not [secret for secret in secrets(SERVICES["api"]).values() if "kafka" in secret]
    assert "/run/secrets/kafka.env" not in words(SERVICES["api"])


def test_every_principal_of_kafka_gets_its_password() -> None:
    passwords = {name for name in secrets(SERVICES["kafka-accounts"]).values() if name.startswith("kafka-")}
    assert passwords == {f"kafka-{principal}" for principal in acls.principals()}


def test_addresses_of_brokers_are_the_same_everywhere() -> None:
    brokers = [environment(SERVICES[f"kafka-{node}"]) for node in (1, 2, 3)]
    clients = ",".join(f"{each['BROKER_HOST']}:{each['CLIENTS_PORT']}" for each in brokers)
    between = ",".join(f"{each['BROKER_HOST']}:{each['BROKERS_PORT']}" for each in brokers)
    assert [each["BROKER_HOST"] for each in brokers] == ["kafka-1", "kafka-2", "kafka-3"]
    assert environment(SERVICES["api"])["KAFKA_BOOTSTRAP_SERVERS"] == clients
    assert environment(SERVICES["connect"])["BOOTSTRAP_SERVERS"] == clients
    registry = variables([COMPOSE / "registry" / "schema-registry.properties"])
    assert registry["kafkastore.bootstrap.servers"].replace("SASL_SSL://", "") == clients
    assert f"--bootstrap-servers={between}" in words(SERVICES["kafka-accounts"])
    for node, broker in enumerate(brokers, 1):
        service = SERVICES[f"kafka-{node}"]
        assert service["ports"] == [f"127.0.0.1:{broker['CLIENTS_PORT']}:{broker['CLIENTS_PORT']}"]
        check = " ".join(words(service))
        assert {broker["CLIENTS_PORT"], broker["BROKERS_PORT"]} == set(re.findall(r"/127\.0\.0\.1/(\d+)", check))


def test_zookeepers_are_named_as_their_script_and_the_brokers_name_them() -> None:
    script = (COMPOSE / "zookeeper" / "docker-start.sh").read_text()
    assert "server.$node=zookeeper-$node:2888:3888" in script
    assert "clientPort=2181" in script
    for node in (1, 2, 3):
        assert environment(SERVICES[f"zookeeper-{node}"])["NODE"] == str(node)
        assert environment(SERVICES[f"kafka-{node}"])["ZOOKEEPER_CONNECT"] == ",".join(
            f"zookeeper-{each}:2181" for each in (1, 2, 3)
        )


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("kafka-1", ["kafka/server.properties"]),
        ("kafka-2", ["kafka/server.properties"]),
        ("kafka-3", ["kafka/server.properties"]),
        ("elasticsearch", ["elasticsearch/elasticsearch.yml"]),
        (
            "connect",
            [
                "connect/connect-distributed.properties",
                *(f"../connectors/{file.name}" for file in sorted((ROOT / "connectors").glob("*.json"))),
            ],
        ),
    ],
)
def test_every_variable_that_a_file_names_is_set_where_it_is_read(name: str, files: list[str], made: Path) -> None:
    text = "".join((COMPOSE / file).read_text() for file in files)
    named = set(re.findall(r"\$\{(?:env:)?([A-Z_]+)\}", text))
    from_secrets = variables([made / "connect.env"]) if name == "connect" else {}
    assert named
    assert named - set(environment(SERVICES[name])) - set(from_secrets) == set()


def test_certificates_are_for_hosts_that_are_there() -> None:
    assert set(CERTIFIED) - {"admin"} <= set(SERVICES)


@pytest.mark.parametrize("name", ["api", "connect", "kafka-1", "elasticsearch", "registry"])
def test_hosts_in_addresses_are_services(name: str, made: Path) -> None:
    told = environment(SERVICES[name]) | (variables([made / "platform.env"]) if name == "api" else {})
    hosts = {
        host
        for value in told.values()
        for host in re.findall(r"(?:://(?:[^@/]*@)?|^|,)([a-z][a-z0-9-]*):\d{2,5}\b", value)
    }
    assert hosts <= set(SERVICES), hosts


def test_prometheus_asks_services_that_are_there() -> None:
    targets: list[dict[str, Any]] = [
        entry
        for file in sorted((COMPOSE / "prometheus" / "docker-targets").glob("*.json"))
        for entry in json.loads(file.read_text())
    ]
    hosts = {target.rpartition(":")[0] for entry in targets for target in entry["targets"]}
    assert hosts <= {*SERVICES, "127.0.0.1"}
    assert "api" in environment(SERVICES["api"])["ALLOWED_HOSTS"]
    asked_at = {
        target for entry in targets if entry["labels"]["job"] in {"workers", "monitor"} for target in entry["targets"]
    }
    serving = {
        f"{name}:{command[command.index('--metrics-port') + 1]}"
        for name, service in OURS.items()
        if "--metrics-port" in (command := words({"command": service["command"]})) and "profiles" not in service
    }
    assert asked_at == serving


def test_prometheus_has_its_rules_and_tells_the_alertmanager_that_is_there() -> None:
    mounted = {target: file.relative_to(COMPOSE) for target, file in mounted_files(SERVICES["prometheus"]).items()}
    assert mounted["/etc/prometheus/rules"] == Path("prometheus/rules")
    assert mounted["/etc/prometheus/alertmanagers"] == Path("prometheus/docker-alertmanagers")
    (entry,) = json.loads((COMPOSE / "prometheus" / "docker-alertmanagers" / "alertmanager.json").read_text())
    assert "--web.listen-address=:9393" in words(SERVICES["alertmanager"])
    assert entry["targets"] == ["alertmanager:9393"]


def test_alertmanager_shows_the_api_the_token_that_it_expects() -> None:
    told = (COMPOSE / "alertmanager" / "alertmanager.yml").read_text()
    assert set(re.findall(r"url: (http://[\w:]+)/", told)) == {"http://api:8000"}
    file = mounted_files(SERVICES["alertmanager"])
    (beside,) = {Path(target).parent for target in file}
    (token,) = re.findall(r"credentials_file: (\S+)", told)
    expected = environment(SERVICES["api"])["ALERTMANAGER_TOKEN_FILE"]
    assert secrets(SERVICES["alertmanager"]) == {str(beside / token): secrets(SERVICES["api"])[expected]}


def test_the_sink_reads_and_buries_in_topics_that_are_made() -> None:
    sink = json.loads((ROOT / "connectors" / "elasticsearch-sink.json").read_text())["config"]
    assert {sink["topics"], sink["errors.deadletterqueue.topic.name"]} <= set(topic_configs(Topic))
    assert re.search(r"confluentinc/kafka-connect-elasticsearch:\d", (COMPOSE / "connect" / "Dockerfile").read_text())
