"""What compose/docker-compose.yml says is held against what is in the repository."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands

from compose.docker import secret_files
from native.driving.embedded import ROOT
from native.security import acls
from native.security.certificates import CERTIFIED
from native.with_env import variables
from streaming import topology
from streaming.topics import Topic, topic_configs
from tests.compose.composition import (
    COMPOSE,
    CONFLUENT,
    DJANGO,
    OURS,
    RUNNING,
    SERVICES,
    STEPS,
    WHOLE,
    environment,
    mounted_files,
    mounts,
    read,
    secrets,
    services,
    words,
)

CLUSTER = variables([COMPOSE / "cluster.env"])
each_service = pytest.mark.parametrize("name", SERVICES)
each_running_service = pytest.mark.parametrize("name", RUNNING)

NOT_MOUNTED = {
    "kafka/embedded.properties": "for `make demo`",
    "prometheus/prometheus.yml": "for plain processes, which are told by files whom to ask",
    "kafka/rsyslog.conf": "filebeat carries the same lines",
    "registry/schema-registry.properties": "with REGISTRY=confluent only",
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
    written = {target for source, target, mode in mounts(SERVICES[name]) if source.startswith(".") and mode != "ro"}
    # What makes the secrets writes them.
    assert written == ({"/app/compose/secrets"} if name == "secrets" else set())


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
    used = [*SERVICES.values(), CONFLUENT["registry"]]
    assert set(declared) == {secret for service in used for secret in secrets(service).values()}


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


def test_our_image_has_all_that_runs_in_it(tmp_path: Path) -> None:
    """What .dockerignore takes, without the packages that the image leaves out, is enough for all that runs there."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    taken = [line.removeprefix("!") for line in lines if line.startswith("!")]
    for path in taken:
        copy = shutil.copytree if (ROOT / path).is_dir() else shutil.copy
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / path, tmp_path / path)
    left_out = re.search(r"grep -vE '\^\((.+)\)=='", (COMPOSE / "platform" / "Dockerfile").read_text())
    assert left_out
    modules = {word for service in OURS.values() for word in words(service) if word.startswith(("compose.", "native."))}
    assert {
        "native.with_env",
        "native.security.accounts",
        "compose.docker.alive",
        "compose.docker.secret_files",
    } == modules
    script = (
        f"import sys; sys.path[:0] = ['.', 'platform']; sys.modules |= dict.fromkeys({left_out[1].split('|')})\n"
        f"import {', '.join(sorted(modules))}, compose.docker.first_order\n"
        "import runpy; sys.argv = ['manage.py', 'check']; runpy.run_path('manage.py', run_name='__main__')"
    )
    settings = {"PLATFORM_ENV": str(COMPOSE / "embedded.env"), "DATABASE_URL": "sqlite:///:memory:", "SECRET_KEY": "-"}
    command = [sys.executable, "-c", script]
    ran = subprocess.run(command, cwd=tmp_path, env=settings, text=True, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr
    needed = environment(SERVICES["api"])["PLATFORM_ENV"], secret_files.CLIENT_CNF.removeprefix("/app/")
    for path in (*needed, "docs/runbooks/watchdog.md"):
        assert (tmp_path / path).exists(), path


# --- Confinement ------------------------------------------------------------------------------------------------------
@each_service
def test_a_container_can_gain_no_rights_and_takes_only_its_memory(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["logging"]["options"]["max-size"]
    assert "privileged" not in service


def test_only_what_people_and_programs_call_is_published_and_on_loopback() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {
        "api": ["127.0.0.1:8000:8000"],
        "grafana": ["127.0.0.1:3000:3000"],
        **{f"kafka-{node}": [f"127.0.0.1:{9090 + node}:{9090 + node}"] for node in (1, 2, 3)},
    }
    others = read(COMPOSE / "docker" / "all-ports.yml", {})["services"]
    ports = [port for each in (*published.values(), *(other["ports"] for other in others.values())) for port in each]
    assert set(others) <= set(SERVICES) - set(published)
    assert all(re.fullmatch(r"127\.0\.0\.1:(\d+):\1", port) for port in ports)
    assert len(ports) == len(set(ports))


def test_every_published_port_can_be_moved_by_a_variable_of_its_service() -> None:
    moved = services({"PUBLISH_ON": "0.0.0.0", **{f"KAFKA_{node}_PORT": str(9190 + node) for node in (1, 2, 3)},
                      "API_PORT": "80", "GRAFANA_PORT": "81"})  # fmt: skip
    assert {name: service["ports"] for name, service in moved.items() if "ports" in service} == {
        "api": ["0.0.0.0:80:8000"],
        "grafana": ["0.0.0.0:81:3000"],
        **{f"kafka-{node}": [f"0.0.0.0:{9190 + node}:{9190 + node}"] for node in (1, 2, 3)},
    }
    # A broker tells its clients its port, so all that name it move with it.
    clients = "kafka-1:9191,kafka-2:9192,kafka-3:9193"
    assert [environment(moved[f"kafka-{node}"])["CLIENTS_PORT"] for node in (1, 2, 3)] == ["9191", "9192", "9193"]
    assert environment(moved["connect"])["BOOTSTRAP_SERVERS"] == clients
    assert environment(moved["recorder"])["KAFKA_BOOTSTRAP_SERVERS"] == clients


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
        if name != "secrets":
            assert service["tmpfs"] == ["/tmp"], name
            assert "user" not in service, name


def test_who_makes_the_secrets_may_only_become_the_owner_of_their_folder() -> None:
    service = SERVICES["secrets"]
    assert service["cap_add"] == ["SETGID", "SETUID"]
    assert service["network_mode"] == "none"
    assert mounts(service) == [("./secrets", "/app/compose/secrets", "rw")]


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
    others = {"PLATFORM_ENV", "AVRO_CONVERTER"} | ({"WEB_CONCURRENCY"} if name == "api" else set())
    assert set(environment(SERVICES[name])) - set(CLUSTER) == others


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
        command = words({"command": service.get("command", [])})
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
    assert environment(CONFLUENT["registry"])["BOOTSTRAP_SERVERS"] == clients
    assert f"--bootstrap-servers={between}" in words(SERVICES["kafka-accounts"])
    for node, broker in enumerate(brokers, 1):
        service = SERVICES[f"kafka-{node}"]
        assert service["ports"] == [f"127.0.0.1:{broker['CLIENTS_PORT']}:{broker['CLIENTS_PORT']}"]
        asked = re.findall(r"/127\.0\.0\.1/\$\$(\w+)", " ".join(words(service)))
        assert asked == ["CLIENTS_PORT", "BROKERS_PORT"]


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
        ("registry", ["registry/apicurio.properties"]),
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
    # Since 16.0 as many requests as it says: a second one could overtake the first.
    assert sink["max.in.flight.requests"] == "1"
    assert SERVICES["connect"]["build"]["args"]["SINK_VERSION"].startswith("16.")
