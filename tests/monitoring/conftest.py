import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from accounts.roles import Role
from monitoring import live
from streaming import clients
from streaming.inspecting import record_timestamps
from tests.conftest import AccountOf

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def nothing_is_kept() -> Iterator[None]:
    """What is asked rarely is asked anew in each test."""
    live.forget()
    record_timestamps.reader.cache_clear()
    yield
    live.forget()
    record_timestamps.reader.cache_clear()


@pytest.fixture
def beat_runs(transactional_db: None) -> None:
    """Celery's beat has ordered something just now."""
    every = IntervalSchedule.objects.create(every=5, period=IntervalSchedule.SECONDS)
    PeriodicTask.objects.create(name="send e-mails", interval=every, task="x", last_run_at=datetime.now(UTC))


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


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chrome]:
    if not (CHROMIUM and DRIVER):
        missing = "Chromium or its driver is missing: install chromium and chromium-driver."
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    options = ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for switch in ("headless", "no-sandbox", "disable-gpu", "disable-background-networking", "disable-dev-shm-usage"):
        options.add_argument(f"--{switch}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()
