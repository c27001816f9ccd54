"""Each choice is one variable: what runs and what every process is told follow from it."""

import re

import pytest

from streaming import topology
from streaming.carriers import IndexedBy, OutboxCarriedBy
from tests.compose.composition import COMPOSE, DJANGO, SERVICES, environment, services, words


@pytest.mark.parametrize(
    ("variable", "folder", "values", "worker"),
    [
        ("INDEXED_BY", "indexed-by", IndexedBy, topology.INDEXER),
        ("OUTBOX_CARRIED_BY", "outbox-by", OutboxCarriedBy, topology.RELAY),
    ],
)
def test_one_variable_tells_every_process_and_starts_who_does_it(
    variable: str, folder: str, values: type[IndexedBy | OutboxCarriedBy], worker: topology.Worker
) -> None:
    assert {file.stem for file in (COMPOSE / "docker" / folder).iterdir()} == {each.value for each in values}
    for value in values:
        chosen = services({variable: value.value})
        told = {environment(chosen[name])[variable] for name in DJANGO}
        assert told == {value.value}
        in_use = topology.is_in_use(worker, {variable: value}.__getitem__)
        assert chosen[worker.name]["scale"] == int(in_use), value


@pytest.mark.parametrize("indexed_by", IndexedBy)
@pytest.mark.parametrize("registry", ["apicurio", "confluent"])
def test_connect_gets_the_plugins_that_its_connectors_and_the_registry_want(
    indexed_by: IndexedBy, registry: str
) -> None:
    chosen = services({"INDEXED_BY": indexed_by.value, "REGISTRY": registry})
    connect = chosen["connect"]
    assert connect["image"].endswith(f"-{indexed_by.value}-{registry}")
    stages = re.findall(r"^FROM \S+ AS (\S+)$", (COMPOSE / "java" / "Dockerfile").read_text(), re.MULTILINE)
    assert connect["build"]["target"] in stages
    assert {
        f"sink-{connect['build']['args']['INDEXED_BY']}",
        f"converter-{connect['build']['args']['REGISTRY']}",
    } <= set(stages)
    assert registry in environment(connect)["AVRO_CONVERTER"]
    for name in DJANGO:
        path = environment(chosen[name])["SCHEMA_IDS"].removeprefix(
            environment(connect)["REGISTRY_URL"].join(["registry:", ""])
        )
        assert f"http://127.0.0.1:8081{path}/subjects" in words(chosen["registry"])


def test_mock_orders_are_sent_only_where_they_are_wanted() -> None:
    assert {environment(SERVICES[name])["SIMULATED_ORDERS_PER_SECOND"] for name in DJANGO} == {"0"}


def test_the_small_default_leaves_out_what_only_watches() -> None:
    by_profile: dict[str, set[str]] = {}
    for name, service in SERVICES.items():
        for profile in service.get("profiles", []):
            by_profile.setdefault(profile, set()).add(name)
    assert by_profile == {
        "by-hand": {"secrets", "heal-connectors"},
        "exporters": {"mysql-exporter", "redis-exporter", "elasticsearch-exporter", "node-exporter"},
        "logs": {"mtail", "logs-template", "filebeat"},
    }
