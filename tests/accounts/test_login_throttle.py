"""Guessing passwords is slow, for each name and from each address, at every door and in all processes."""

import json
import os
import subprocess
import sys
from base64 import b64encode
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from native.driving import embedded

PASSWORD = "correct horse battery"
DOORS = ["/auth/tokens", "/login", "/admin/login/"]


@pytest.fixture(autouse=True)
def accounts(db: None) -> None:
    for name in ("ada", "bob"):
        User.objects.create_superuser(name, password=PASSWORD)


def guess(door: str = "/auth/tokens", name: str = "ada", password: str = "wrong", **environ: Any) -> Any:
    if door == "/auth/tokens":
        login = {"Authorization": "Basic " + b64encode(f"{name}:{password}".encode()).decode()}
        return Client(headers=login, **environ).post(door, {}, content_type="application/json")
    return Client(**environ).post(door, {"username": name, "password": password})


def counted(times: int, name: str, address: str) -> None:
    """As so many wrong passwords are kept."""
    AccessAttempt.objects.create(username=name, ip_address=address, user_agent="", failures_since_start=times)


def lets_in(answer: Any) -> bool:
    assert answer.status_code in (200, 201, 302, 401, 429)
    return answer.status_code in (201, 302)


@pytest.mark.parametrize("door", DOORS)
def test_wrong_passwords_at_any_door_close_all_doors(door: str) -> None:
    assert [guess(door).status_code for _ in range(9)] == [401 if door == "/auth/tokens" else 200] * 9
    assert guess(door).status_code == 429
    for other in DOORS:
        answer = guess(other, password=PASSWORD)
        assert (answer.status_code, answer["Retry-After"]) == (429, "300")


def test_the_api_gets_a_problem() -> None:
    answers = [guess() for _ in range(11)]
    assert answers[-1]["Content-Type"] == "application/problem+json"
    assert answers[-1].json()["type"] == "/problems#too-many-requests"


@pytest.mark.parametrize("door", ["/login", "/admin/login/"])
def test_people_get_a_page_that_says_how_long_to_wait(door: str) -> None:
    answer = [guess(door) for _ in range(11)][-1]
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    assert "Wait 5 minutes" in answer.content.decode()


def test_a_lock_is_over_five_minutes_after_the_last_guess_that_counted() -> None:
    for _ in range(12):
        guess()
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=5, seconds=1))
    assert lets_in(guess(password=PASSWORD))


def test_guesses_during_a_lock_do_not_prolong_it() -> None:
    for _ in range(10):
        guess()
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=4))
    before = AccessAttempt.objects.values_list("attempt_time", flat=True)[0]
    assert guess().status_code == 429
    assert AccessAttempt.objects.values_list("attempt_time", flat=True)[0] == before


def test_a_name_that_is_locked_for_one_address_logs_in_from_another() -> None:
    for _ in range(10):
        guess()
    assert lets_in(guess(password=PASSWORD, REMOTE_ADDR="192.0.2.1"))


def test_a_name_is_slowed_whatever_addresses_guess_it() -> None:
    for number in range(11):
        counted(9, "ada", f"192.0.2.{number}")
    assert guess(REMOTE_ADDR="192.0.2.99").status_code == 429  # the hundredth
    assert guess(password=PASSWORD, REMOTE_ADDR="198.51.100.1").status_code == 429
    assert lets_in(guess(name="bob", password=PASSWORD, REMOTE_ADDR="198.51.100.1"))


def test_an_address_is_slowed_whatever_names_it_guesses() -> None:
    for number in range(7):
        counted(7, f"somebody-{number}", "127.0.0.1")
    assert guess(name="somebody").status_code == 429  # the fiftieth
    assert guess(name="bob", password=PASSWORD).status_code == 429
    assert lets_in(guess(name="bob", password=PASSWORD, REMOTE_ADDR="198.51.100.1"))


def test_another_browser_is_no_new_beginning() -> None:
    for number in range(10):
        guess(HTTP_USER_AGENT=f"browser {number}")
    assert guess(password=PASSWORD, HTTP_USER_AGENT="browser").status_code == 429


@pytest.mark.parametrize("door", DOORS)
def test_the_right_password_forgets_the_slips_before_it(door: str) -> None:
    for _ in range(2):
        for _ in range(9):
            guess(door)
        assert lets_in(guess(door, password=PASSWORD))


def test_an_account_of_ones_own_does_not_free_the_address() -> None:
    for number in range(7):
        assert lets_in(guess(name="bob", password=PASSWORD))
        counted(7, f"somebody-{number}", "127.0.0.1")
    guess(name="somebody")
    assert guess(name="bob", password=PASSWORD).status_code == 429


def test_a_header_that_anybody_can_write_names_no_address() -> None:
    for number in range(10):
        guess(HTTP_X_FORWARDED_FOR=f"203.0.113.{number}")
    assert guess(password=PASSWORD, HTTP_X_FORWARDED_FOR="203.0.113.99").status_code == 429


def test_a_trusted_proxy_names_the_address(settings: Any) -> None:
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.1")]
    for number in range(10):
        guess(HTTP_X_FORWARDED_FOR=f"203.0.113.{number}, 198.51.100.7")
    assert guess(password=PASSWORD, HTTP_X_FORWARDED_FOR="198.51.100.7").status_code == 429
    assert lets_in(guess(password=PASSWORD, HTTP_X_FORWARDED_FOR="198.51.100.8"))


@pytest.mark.parametrize("name", ["a" * 5000, "\0", "é" * 200, "", "😀", "a\r\nb"])
@pytest.mark.parametrize("door", DOORS)
def test_odd_names_are_names_that_nobody_has(door: str, name: str) -> None:
    answers = [guess(door, name=name, HTTP_USER_AGENT="x" * 5000).status_code for _ in range(2)]
    assert answers == [401 if door == "/auth/tokens" else 200] * 2


def test_no_password_is_kept() -> None:
    for door in DOORS:
        guess(door, password="nearly my password")
    kept = str(list(AccessAttempt.objects.values()))
    assert "nearly my password" not in kept


def test_whoever_administers_lifts_a_lock() -> None:
    for _ in range(10):
        guess()
    call_command("axes_reset_username", "ada", verbosity=0)
    assert lets_in(guess(password=PASSWORD))


GUESSING = """
import json, sys
import django
from django.conf import settings
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast
django.setup()
from base64 import b64encode
from django.test import Client

def guess(password):
    login = {"Authorization": "Basic " + b64encode(f"ada:{password}".encode()).decode()}
    return Client(SERVER_NAME="localhost", headers=login).post("/auth/tokens").status_code

print(json.dumps([guess(password) for password in sys.argv[1:]]))
"""


def test_processes_share_their_counts(migrated_database: Path, tmp_path: Path) -> None:
    file = Path(copy(migrated_database, tmp_path / "platform.sqlite3"))
    environment = os.environ | embedded.platform_environment(file, "127.0.0.1:1")
    environment |= {"DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONPATH": "platform", "LOG_LEVEL": "ERROR"}

    def process(*passwords: str) -> Any:
        command = [sys.executable, "-c", GUESSING, *passwords]
        done = subprocess.run(command, cwd=embedded.ROOT, env=environment, check=True, stdout=subprocess.PIPE)
        return json.loads(done.stdout)

    assert process(*["wrong"] * 6) == [401] * 6
    assert process(*["wrong"] * 4) == [401] * 3 + [429]
