"""The peers of the workers read and write what the platform's schema says. They are built by `make bench` only."""

import json
import re
from typing import Any

import pytest

from bench import maven
from bench.workers import java, tasks
from native.layout import ROOT

JAVA = {file.stem: file.read_text() for file in (java.SOURCES / "src" / "main" / "java").rglob("*.java")}
PEERS = java.Peers(heap="3g")


def without_names(schema: Any) -> Any:
    """A namespace is Java's: it changes nothing of what is written."""
    return {name: value for name, value in schema.items() if name != "namespace"}


def test_their_schema_is_ours() -> None:
    theirs = json.loads((java.SOURCES / "src" / "main" / "avro" / "transaction.avsc").read_text())
    ours = json.loads((ROOT / "schemas" / "transaction.avsc").read_text())
    assert without_names(theirs) == ours


def test_each_command_names_a_class_that_is_there() -> None:
    commands = [
        PEERS.streams("a", "b", orders="c", totals="d", store="rocks", state=java.MADE),
        PEERS.fraud("a", "b", orders="c", alerts="d", limit=1.5),
        PEERS.producer("a", orders="b", count=7, schema_id=8),
    ]
    for command in commands:
        [main] = [word for word in command if word.startswith("peer.")]
        package, _, name = main.rpartition(".")
        assert f"package {package};" in JAVA[name]
        read = {int(place) for place in re.findall(r"arguments\[(\d)\]", JAVA[name])}
        assert read == set(range(len(command) - command.index(main) - 1))


def test_their_heap_is_told_and_streams_is_exactly_once() -> None:
    assert "-Xmx3g" in PEERS.producer("a", orders="b", count=7, schema_id=8)
    assert "StreamsConfig.EXACTLY_ONCE_V2" in JAVA["StreamsTotals"]


def test_every_store_of_streams_is_one_that_it_knows() -> None:
    stores = {engine.store for engine in tasks.STREAMS}
    assert stores == set(re.findall(r'case "(\w+)"', JAVA["StreamsTotals"]))


def test_versions_are_those_of_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maven, "java_version", lambda: "17")
    assert {"Kafka Streams", "Avro for Java"} < java.versions().keys()
