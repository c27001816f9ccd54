"""Parts of the real cluster, as `make cluster` runs them, each started for whichever test asks for it first.

Collected by `pytest -m stack` only.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient

from streaming import clients
from tests.stack.parts import Parts


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.stack)


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    with Parts(tmp_path_factory.mktemp("parts")) as parts:
        yield parts


@pytest.fixture(scope="session")
def registry_url(parts: Parts) -> str:
    return parts.registry()


@pytest.fixture
def registry(registry_url: str, settings: Any) -> Iterator[SchemaRegistryClient]:
    """A registry without any schema; SCHEMA_IDS points to it."""
    client = SchemaRegistryClient({"url": registry_url})
    for subject in client.get_subjects():
        client.delete_subject(subject)
    settings.SCHEMA_IDS = f"registry:{registry_url}"
    clients.codec.cache_clear()
    yield client
    clients.codec.cache_clear()
