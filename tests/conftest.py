import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from confluent_kafka.admin import AdminClient
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from rest_framework.test import APIClient

from accounts.roles import Role
from api.models import Customer
from native.driving import embedded
from native.driving.embedded import Platform
from streaming import clients
from streaming.producing import publish
from tests.served import Served, served

hypothesis.settings.register_profile("platform", deadline=None)
hypothesis.settings.load_profile("platform")

AccountOf = Callable[..., User]
ClientAs = Callable[..., APIClient]


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Every process's database is in its own memory, so none needs a name of its own.

    pytest-django would make files of those that are not of Django's own engine.
    """


@pytest.fixture
def account(db: None) -> AccountOf:
    """Makes an account of a role; a customer's belongs to the shop's user `user_id`."""

    def make(role: Role, user_id: int | None = None) -> User:
        user = User.objects.create_user(f"{role}-{User.objects.count()}", is_staff=role == Role.INVESTIGATOR)
        user.groups.add(Group.objects.get(name=role))
        if user_id is not None:
            Customer.objects.create(account=user, user_id=user_id)
        return user

    return make


@pytest.fixture
def client_as(account: AccountOf) -> ClientAs:
    """Makes a client of the API that is logged in as a new account of a role; it gets 500s as answers."""

    def make(role: Role, user_id: int | None = None) -> APIClient:
        client = APIClient(raise_request_exception=False)
        client.force_authenticate(account(role, user_id))
        return client

    return make


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Kafka broker, started for this session."""
    with embedded.running_broker(tmp_path_factory.mktemp("broker")) as address:
        yield address


@pytest.fixture
def kafka(broker: str, settings: Any) -> Iterator[AdminClient]:
    """A real broker with the platform's topics, all empty, and no consumer groups; settings point to it."""
    settings.KAFKA = {"bootstrap.servers": broker} | embedded.QUICK_SESSIONS
    clients.admin.cache_clear()
    publish.producer.cache_clear()
    admin = clients.admin()
    call_command("create_topics", stdout=StringIO())
    embedded.forget_everything(admin)
    yield admin
    clients.admin.cache_clear()
    publish.producer.cache_clear()


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with every table, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "platform.sqlite3"
    environment = os.environ | embedded.platform_environment(file, "127.0.0.1:1")
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=embedded.ROOT, env=environment, check=True)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file


@pytest.fixture
def platform_processes(kafka: AdminClient, broker: str, migrated_database: Path, tmp_path: Path) -> Iterator[Platform]:
    """The platform's processes on a real broker and a database file; whatever still runs is killed afterwards."""
    processes = Platform(tmp_path, broker, migrated_database)
    yield processes
    processes.end()


@pytest.fixture(scope="module")
def served_api(tmp_path_factory: pytest.TempPathFactory, migrated_database: Path) -> Iterator[Served]:
    """The API as gunicorn serves it, on an empty database with an account of each role."""
    with served(tmp_path_factory.mktemp("api"), migrated_database) as running:
        yield running


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks tests by the parts that they use, and puts the longest first: no process is left alone with them."""
    for item in items:
        for fixture, mark in (("broker", "broker"), ("chromium", "browser")):
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(mark)
    items.sort(key=lambda item: not {"broker", "browser"} & set(item.keywords))


@pytest.fixture(autouse=True)
def plain_static_files(settings: Any) -> None:
    """Pages are made without collected files, which a fresh checkout does not have, and no client looks for them."""
    plain = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    settings.STORAGES = settings.STORAGES | plain
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(autouse=True)
def nobody_is_limited(settings: Any) -> None:
    """All tests of a process send from one address, in one minute."""
    settings.RATES = {}


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """Passwords are hashed once, not hundreds of thousands of times."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
