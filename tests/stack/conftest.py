"""Parts of the real cluster, as `make cluster` runs them, each started for whichever test asks for it first.

Here Django's database is a MySQL, whatever DATABASE_URL says. Collected by `pytest -m stack` only.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient
from django.db import DEFAULT_DB_ALIAS, connections

from config import databases, env
from config.env import Adapter
from search.index import SearchIndex
from streaming import clients
from tests.stack.parts import Parts


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.stack)


@pytest.fixture(scope="session")
def parts() -> Iterator[Parts]:
    # Not in pytest's own folder, which every other run of pytest closes to the user of MySQL and Elasticsearch.
    with TemporaryDirectory(prefix="parts-") as folder, Parts(Path(folder)) as parts:
        yield parts


@pytest.fixture(scope="session")
def django_db_modify_db_settings(parts: Parts) -> None:
    """Points Django to a MySQL before pytest-django makes the database of the tests."""
    connections.settings[DEFAULT_DB_ALIAS] = databases.tuned(env.database(parts.mysql()), None)
    connections.settings = connections.configure_settings(connections.settings)
    # What was made of the old settings; nobody has used it yet.
    del connections[DEFAULT_DB_ALIAS]


@pytest.fixture(scope="session")
def registry_url(parts: Parts) -> str:
    return parts.registry()


@pytest.fixture(scope="session")
def elasticsearch_address(parts: Parts) -> str:
    return parts.elasticsearch()


@pytest.fixture
def search_index(parts: Parts, elasticsearch_address: str, settings: Any) -> SearchIndex:
    """An Elasticsearch without any index; SEARCH points to the alias `transactions`."""
    settings.CA_FILE = parts.certificate_authority
    settings.SEARCH_PASSWORD = (parts.layout.secrets / "elasticsearch-platform").read_text()
    settings.SEARCH = Adapter.parse(
        f"elasticsearch:{elasticsearch_address.replace('://', '://platform@')}/transactions"
    )
    index = SearchIndex.configured()
    for name in index.versions():
        index.delete(name)
    return index


@pytest.fixture
def registry(registry_url: str, settings: Any) -> Iterator[SchemaRegistryClient]:
    """A registry without any schema; SCHEMA_IDS points to it."""
    client = SchemaRegistryClient({"url": registry_url})
    for subject in client.get_subjects():
        # Once is softly: rules and versions stay.
        client.delete_subject(subject)
        client.delete_subject(subject, permanent=True)
    settings.SCHEMA_IDS = Adapter.parse(f"registry:{registry_url}")
    clients.codec.cache_clear()
    yield client
    clients.codec.cache_clear()
