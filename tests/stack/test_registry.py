"""The adapter, on a real registry."""

import json
import shutil
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError
from django.conf import settings as project
from django.core.management import CommandError, call_command

from config.env import Adapter
from events import Status, Transaction
from streaming import clients
from streaming.messages import InvalidMessage
from streaming.schemas.registry import NotRegistered
from streaming.topics import TOPICS, Topic

ORDER = Transaction("a-1", 7, 12.5, Status.SUCCESS, datetime(2026, 11, 22, 12, 0, 0, 123_000, tzinfo=UTC))


def register_schemas() -> str:
    out = StringIO()
    call_command("register_schemas", stdout=out)
    return out.getvalue()


def id_in(value: bytes) -> int:
    return int.from_bytes(value[1:5], "big")


@pytest.fixture
def schemas(settings: Any, tmp_path: Path) -> Path:
    """A copy of the schemas for a test to change."""
    copy = Path(shutil.copytree(settings.SCHEMAS, tmp_path / "schemas"))
    settings.SCHEMAS = copy
    return copy


def add_field(file: Path, field: dict[str, Any]) -> None:
    schema = json.loads(file.read_text())
    schema["fields"].append(field)
    file.write_text(json.dumps(schema))
    clients.codec.cache_clear()


def test_an_event_carries_the_id_that_the_registry_gave_its_schema(registry: SchemaRegistryClient) -> None:
    register_schemas()
    value = clients.codec().encode(ORDER)
    registered = registry.get_latest_version("transactions-value")
    assert id_in(value) == registered.schema_id
    assert json.loads(str(registered.schema.schema_str)) == json.loads(
        (project.SCHEMAS / "transaction.avsc").read_text()
    )
    assert clients.codec().decode(Topic.TRANSACTIONS, value) == ORDER


def test_every_topic_of_ours_has_its_subject_held_to_backward_compatibility(registry: SchemaRegistryClient) -> None:
    register_schemas()
    assert set(registry.get_subjects()) == {topic.subject for topic in TOPICS.values()}
    for subject in registry.get_subjects():
        assert registry.get_compatibility(subject) == "BACKWARD"


def test_registering_again_changes_nothing(registry: SchemaRegistryClient) -> None:
    assert register_schemas() == register_schemas()
    assert len(registry.get_versions("transactions-value")) == 1


def test_a_schema_laid_out_differently_is_the_same_schema(registry: SchemaRegistryClient, schemas: Path) -> None:
    before = register_schemas()
    file = schemas / "transaction.avsc"
    file.write_text(json.dumps(json.loads(file.read_text()), indent=7))
    assert register_schemas() == before


def test_nothing_is_registered_by_the_way(registry: SchemaRegistryClient) -> None:
    with pytest.raises(NotRegistered, match=r"run `manage.py register_schemas`"):
        clients.codec()
    assert registry.get_subjects() == []


def test_a_schema_that_would_break_readers_is_refused_with_the_reason(
    registry: SchemaRegistryClient, schemas: Path
) -> None:
    register_schemas()
    add_field(schemas / "transaction.avsc", {"name": "colour", "type": "string"})
    with pytest.raises(CommandError, match=r"refuses transaction.avsc. transactions-value: .*Incompatible.*/fields/5"):
        register_schemas()
    assert len(registry.get_versions("transactions-value")) == 1


def test_the_first_schema_of_all_is_held_to_it_too(registry: SchemaRegistryClient, schemas: Path) -> None:
    register_schemas()
    # The rule alone, without anybody who sets it again.
    file = schemas / "transaction.avsc"
    add_field(file, {"name": "colour", "type": "string"})
    with pytest.raises(SchemaRegistryError, match="ncompatible"):
        registry.register_schema("transactions-value", Schema(file.read_text(), "AVRO"))


def test_what_our_own_table_becomes_is_always_taken(registry: SchemaRegistryClient, settings: Any) -> None:
    settings.INDEXED_BY = "run_indexer"
    assert "mysql.transactions-value: any schema may follow" in register_schemas()
    for fields in ([], [{"name": "shop_code", "type": "string"}], [{"name": "shop_code", "type": "long"}]):
        envelope = {"type": "record", "name": "Envelope", "fields": fields}
        registry.register_schema("mysql.transactions-value", Schema(json.dumps(envelope), "AVRO"))
    assert "mysql.transactions-value: any schema may follow" in register_schemas()
    assert len(registry.get_versions("mysql.transactions-value")) == 3


def test_a_rule_for_all_that_would_stop_changes_of_our_table_is_told(
    registry: SchemaRegistryClient, settings: Any
) -> None:
    settings.INDEXED_BY = "run_indexer"
    registry.set_compatibility(level="BACKWARD")
    err = StringIO()
    try:
        call_command("register_schemas", stdout=StringIO(), stderr=err)
    finally:
        registry.set_compatibility(level="NONE")
    assert "mysql.transactions-value: has no schema yet and takes no rule of its own" in err.getvalue()


def test_records_written_before_a_compatible_change_stay_readable(
    registry: SchemaRegistryClient, schemas: Path
) -> None:
    register_schemas()
    old = clients.codec().encode(ORDER)
    file = schemas / "transaction.avsc"
    schema = json.loads(file.read_text())
    schema["fields"][3]["type"]["symbols"].append("REFUNDED")
    file.write_text(json.dumps(schema))
    clients.codec.cache_clear()
    register_schemas()
    new = clients.codec().encode(ORDER)
    assert id_in(new) != id_in(old)
    for value in (old, new):
        assert clients.codec().decode(Topic.TRANSACTIONS, value) == ORDER


def test_an_id_that_the_registry_never_gave_is_an_invalid_message(registry: SchemaRegistryClient) -> None:
    register_schemas()
    with pytest.raises(InvalidMessage, match="schema id 4242 is unknown"):
        clients.codec().decode(Topic.TRANSACTIONS, b"\x00" + (4242).to_bytes(4, "big") + b"x")


def test_each_id_is_asked_for_once(registry: SchemaRegistryClient) -> None:
    register_schemas()
    codec = clients.codec()
    value = codec.encode(ORDER)
    codec.decode(Topic.TRANSACTIONS, value)
    registry.delete_subject("transactions-value")
    assert codec.decode(Topic.TRANSACTIONS, codec.encode(ORDER)) == ORDER


def test_without_a_registry_there_is_nowhere_to_register(settings: Any) -> None:
    settings.SCHEMA_IDS = Adapter.parse("fingerprints")
    with pytest.raises(CommandError, match="SCHEMA_IDS=fingerprints names no registry"):
        register_schemas()
