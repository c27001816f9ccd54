from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from api.roles import Role
from monitoring import live
from streaming import clients, unread
from tests.conftest import AccountOf

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def nothing_is_kept() -> Iterator[None]:
    """What is asked rarely is asked anew in each test."""
    live.forget()
    unread.reader.cache_clear()
    yield
    live.forget()
    unread.reader.cache_clear()


@pytest.fixture
def kafka_is_down(settings: Any) -> Iterator[None]:
    """Nobody listens where the settings say that Kafka is."""
    settings.KAFKA = {"bootstrap.servers": "127.0.0.1:1", "log_level": "0"}
    clients.admin.cache_clear()
    yield
    clients.admin.cache_clear()


@pytest.fixture
def investigator(account: AccountOf) -> User:
    user = account(Role.INVESTIGATOR)
    user.set_password(PASSWORD)
    user.save()
    return user
