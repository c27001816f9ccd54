"""The peer writes the tables as our migrations make them. It is built by `make bench-api` only."""

import re
import shutil
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db.models import Model

from bench import maven
from bench.api import spring

JAVA = {file.name: file.read_text() for file in (spring.SOURCES / "src" / "main" / "java").rglob("*.java")}
TABLES: dict[str, type[Model]] = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}


def inserts() -> Iterator[tuple[str, set[str]]]:
    """Table and columns of each INSERT."""
    for text in JAVA.values():
        for table, columns in re.findall(r"INSERT INTO (\w+)\s*\(([^)]*)\)", text):
            yield table, set(re.findall(r"\w+", columns))


def needed(model: type[Model]) -> set[str | None]:
    """The columns that a row cannot be without."""
    fields = model._meta.concrete_fields
    return {field.column for field in fields if not field.null and not field.primary_key and not field.has_default()}


@pytest.mark.parametrize(("table", "columns"), list(inserts()), ids=lambda each: each if isinstance(each, str) else "")
def test_what_it_inserts_are_whole_rows_of_our_tables(table: str, columns: set[str]) -> None:
    model = TABLES[table]
    assert columns <= {field.column for field in model._meta.concrete_fields}
    assert needed(model) <= columns


def test_it_inserts_transactions_and_what_announces_them() -> None:
    assert {table for table, _ in inserts()} == {"transactions", "outbox"}


def test_its_entity_has_the_columns_that_our_api_tells_of() -> None:
    entity = JAVA["Transaction.java"]
    columns = {field.column for field in TABLES["transactions"]._meta.concrete_fields}
    assert set(re.findall(r'@Column\(name = "(\w+)"\)', entity)) <= columns
    told = set(re.findall(r'@JsonProperty\("(\w+)"\)', JAVA["TransactionView.java"]))
    assert {"order_id", "user_id", "refund_of", "refunded_amount", "recorded_at", "updated_at", "refund_status"} == told


@pytest.mark.parametrize("file", ["KnownTokens.java", "HourlyTotals.java"])
def test_what_it_reads_is_there(file: str) -> None:
    [sql] = re.findall(r'"""\n(.*?)"""', JAVA[file], flags=re.DOTALL)
    for table in re.findall(r"(?:FROM|JOIN) (\w+)", sql):
        assert table in TABLES


@pytest.mark.parametrize(("missing", "found"), [("mvn", 17), ("", 0), ("", 11)])
def test_without_maven_or_java_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, missing: str, found: int
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None if name == missing else f"/usr/bin/{name}")
    monkeypatch.setattr(maven, "java_release", lambda: found)
    with pytest.raises(SystemExit, match="sudo apt-get install maven openjdk-17-jdk-headless"):
        spring.build()
