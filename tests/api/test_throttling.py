"""Who sends too many requests is told when to come back; all others notice nothing."""

import json
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import redis
from django.contrib.auth.models import User
from django.test import Client
from prometheus_client import REGISTRY
from rest_framework.test import APIClient

from accounts.roles import Role
from api import throttling
from api.shared_counts import COUNTS
from native.driving.embedded import free_ports, wait_until
from tests.accounts.test_tokens import basic, bearer
from tests.conftest import ClientAs
from transactions.models import Transaction

PASSWORD = "correct horse battery"
POLICIES = [f"{kind}-per-{whose}" for kind in ("writes", "searches", "logins") for whose in ("account", "address")]


@pytest.fixture(autouse=True)
def nothing_is_counted_yet() -> Iterator[None]:
    COUNTS.reset()
    yield
    throttling._away_until = 0.0


@pytest.fixture
def limited(settings: Any) -> Callable[..., None]:
    """Sets rates: limited(writes_per_account=3) takes so many a day."""

    def to(**rates: int) -> None:
        settings.RATES = {name.replace("_", "-"): f"{many}/day" for name, many in rates.items()}

    return to


def an_order() -> dict[str, Any]:
    return {"user_id": 1, "amount": "1.00"}


def log_in(password: str = PASSWORD, **environ: Any) -> Any:
    return APIClient().post("/auth/tokens", headers=basic("ada", password), **environ)


def write(client: Any, **environ: Any) -> Any:
    return client.post("/transactions", json.dumps(an_order()), content_type="application/json", **environ)


def statuses(ask: Callable[[], Any], times: int) -> list[int]:
    return [ask().status_code for _ in range(times)]


def test_an_account_may_write_as_often_as_the_rate_says(client_as: ClientAs, limited: Any) -> None:
    limited(writes_per_account=3)
    ada, bob = client_as(Role.SHOP), client_as(Role.SHOP)
    assert statuses(lambda: write(ada), 5) == [201, 201, 201, 429, 429]
    assert write(bob).status_code == 201


def test_what_is_refused_is_a_problem_that_says_when_to_come_back(client_as: ClientAs, limited: Any) -> None:
    limited(writes_per_account=1)
    ada = client_as(Role.SHOP)
    write(ada)
    refused = write(ada)
    assert refused["Content-Type"] == "application/problem+json"
    seconds = int(refused["Retry-After"])
    assert 1 <= seconds <= 86_400
    assert refused.json() == {
        "type": "/problems#too-many-requests",
        "title": "Too many requests",
        "status": 429,
        "detail": f"This account has sent more than 1 such requests in 86,400 seconds: wait {seconds:,} seconds.",
        "violated-policies": ["writes-per-account"],
        "request_id": refused["X-Request-Id"],
    }
    assert refused["RateLimit"] == f'"writes-per-account";r=0;t={seconds}'


def test_every_answer_to_who_is_limited_tells_what_is_left(client_as: ClientAs, limited: Any) -> None:
    limited(writes_per_account=10, writes_per_address=20)
    ada = client_as(Role.SHOP)
    for left in (9, 8):
        answer = write(ada)
        assert answer["RateLimit-Policy"] == '"writes-per-address";q=20;w=86400, "writes-per-account";q=10;w=86400'
        told = re.fullmatch(
            r'"writes-per-address";r=(\d+);t=\d+, "writes-per-account";r=(\d+);t=\d+', answer["RateLimit"]
        )
        assert told
        assert [int(number) for number in told.groups()] == [left + 10, left]
    assert ada.post("/transactions", {"user_id": "nobody"})["RateLimit-Policy"]  # refused for another reason


def test_nothing_is_written_by_a_request_that_is_refused(client_as: ClientAs, limited: Any) -> None:
    limited(writes_per_account=2)
    ada = client_as(Role.SHOP)
    statuses(lambda: write(ada), 4)
    assert Transaction.objects.count() == 2


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "/transactions", {"user_id": 1, "amount": "1.00"}),
        ("put", "/transactions/none/status", {"status": "SUCCESS"}),
        ("post", "/transactions/none/refunds", {}),
        ("patch", "/notifications/1", {"is_read": True}),
        ("patch", "/fraud/alerts/1", {}),
        ("post", "/transactions?no=such", {}),
    ],
)
def test_whatever_may_change_something_counts_as_a_write(
    client_as: ClientAs, limited: Any, method: str, path: str, body: Any
) -> None:
    limited(writes_per_address=1)
    client = client_as(Role.SHOP)
    first, second = (getattr(client, method)(path, body) for _ in range(2))
    assert (first.status_code == 429, second.status_code) == (False, 429)


def test_all_accounts_of_an_address_share_its_limit(client_as: ClientAs, limited: Any) -> None:
    limited(writes_per_address=2)
    clients = [client_as(Role.SHOP) for _ in range(3)]
    assert [write(client).status_code for client in clients] == [201, 201, 429]
    assert write(clients[2], REMOTE_ADDR="198.51.100.7").status_code == 201


def test_who_shows_a_wrong_token_is_counted_before_anybody_looks_it_up(
    db: None, limited: Any, django_assert_num_queries: Any
) -> None:
    limited(writes_per_address=2)
    stranger = Client(headers={"Authorization": "Bearer " + 64 * "0"})
    assert statuses(lambda: write(stranger), 2) == [401, 401]
    with django_assert_num_queries(0):
        assert write(stranger).status_code == 429


def test_the_network_of_an_ipv6_address_is_one_address(client_as: ClientAs, limited: Any) -> None:
    limited(writes_per_address=1)
    ada = client_as(Role.SHOP)
    assert write(ada, REMOTE_ADDR="2001:db8::1").status_code == 201
    assert write(ada, REMOTE_ADDR="2001:db8::ffff:1").status_code == 429
    assert write(ada, REMOTE_ADDR="2001:db8:0:1::1").status_code == 201


def test_a_header_moves_nobody_to_another_address(client_as: ClientAs, limited: Any, settings: Any) -> None:
    limited(writes_per_address=1)
    ada = client_as(Role.SHOP)
    answers = [write(ada, HTTP_X_FORWARDED_FOR=f"203.0.113.{number}").status_code for number in range(2)]
    assert answers == [201, 429]
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.1")]
    assert write(ada, HTTP_X_FORWARDED_FOR="203.0.113.9").status_code == 201


def test_who_has_no_address_is_counted_by_account_alone(client_as: ClientAs, limited: Any) -> None:
    limited(writes_per_address=1, writes_per_account=2)
    ada = client_as(Role.SHOP)
    assert [write(ada, REMOTE_ADDR="").status_code for _ in range(3)] == [201, 201, 429]


def test_searches_are_counted_apart_from_writes(client_as: ClientAs, limited: Any) -> None:
    limited(searches_per_account=2, writes_per_account=1)
    ada = client_as(Role.SHOP)
    assert statuses(lambda: ada.post("/search/transactions", {}), 3) == [200, 200, 429]
    assert statuses(lambda: write(ada), 2) == [201, 429]


def test_logins_are_limited_at_each_door_together(db: None, limited: Any) -> None:
    limited(logins_per_address=3)
    User.objects.create_superuser("ada", password=PASSWORD)
    form = {"username": "ada", "password": PASSWORD}
    assert log_in().status_code == 201
    assert Client().post("/login", form).status_code == 302
    assert Client().post("/admin/login/", form).status_code == 302
    refused = [log_in(), Client().post("/login", form)]
    assert [answer.status_code for answer in refused] == [429, 429]
    assert refused[0]["Content-Type"] == "application/problem+json"
    page = refused[1]
    assert page["Content-Type"].startswith("text/html")
    assert f"Wait {page['Retry-After']} second" in page.content.decode()
    assert page["Content-Security-Policy"]
    assert Client(REMOTE_ADDR="198.51.100.7").post("/login", form).status_code == 302
    assert Client().get("/login").status_code == 200


def test_a_login_too_many_costs_no_look_at_the_password(db: None, limited: Any, django_assert_num_queries: Any) -> None:
    limited(logins_per_address=1)
    log_in("wrong")
    with django_assert_num_queries(0):
        assert log_in("wrong").status_code == 429


def test_wrong_passwords_of_others_use_up_nobodys_logins(db: None, limited: Any) -> None:
    limited(logins_per_account=1)
    User.objects.create_superuser("ada", password=PASSWORD)
    assert statuses(lambda: log_in("wrong"), 3) == [401, 401, 401]
    assert statuses(log_in, 2) == [201, 429]


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics", "/transactions", "/schema"])
def test_who_only_reads_is_neither_counted_nor_told_of_limits(client_as: ClientAs, settings: Any, path: str) -> None:
    settings.RATES = dict.fromkeys(POLICIES, "1/day")
    client = client_as(Role.SHOP)
    answers = [client.get(path) for _ in range(3)]
    assert [answer.status_code in (200, 503) for answer in answers] == [True, True, True]
    assert "RateLimit" not in answers[-1]


def test_alertmanager_is_always_heard(db: None, settings: Any) -> None:
    settings.RATES = dict.fromkeys(POLICIES, "1/day")
    settings.ALERTMANAGER_TOKEN = "shown-by-nobody-but-these-tests"
    teller = bearer(settings.ALERTMANAGER_TOKEN)
    told = {"version": "4", "status": "firing", "alerts": []}
    answers = [teller.post("/notifications/alerts", told) for _ in range(3)]
    assert 429 not in [answer.status_code for answer in answers]


def test_refusals_are_counted_for_prometheus(client_as: ClientAs, limited: Any) -> None:
    def refused() -> float:
        name, labels = "platform_api_requests_over_rate_total", {"policy": "writes-per-account"}
        return REGISTRY.get_sample_value(name, labels) or 0

    limited(writes_per_account=1)
    ada, before = client_as(Role.SHOP), refused()
    statuses(lambda: write(ada), 3)
    assert refused() == before + 2


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[Callable[[], str]]:
    """A real Redis that asks for a password; calling it starts it, and gives its address. Ended afterwards."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("there is no redis-server on this machine")
    [port] = free_ports(1)
    url = f"redis://:secret@127.0.0.1:{port}/1"
    started: list[subprocess.Popen[bytes]] = []

    def start() -> str:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--requirepass", "secret", "--save", ""]
        log = (tmp_path / "redis.log").open("a")
        started.append(subprocess.Popen([program, *options], cwd=tmp_path, stdout=log))
        wait_until(lambda: answers(url), "Redis answers")
        return url

    vars(start)["processes"] = started
    yield start
    for process in started:
        process.kill()
        process.wait()


def answers(url: str) -> bool:
    try:
        return bool(redis.from_url(url).ping())
    except redis.RedisError:
        return False


def test_in_redis_counts_are_those_of_all_servers(
    client_as: ClientAs, limited: Any, settings: Any, redis_server: Callable[[], str]
) -> None:
    settings.RATES_COUNTED_IN = url = redis_server()
    limited(writes_per_account=3)
    ada = client_as(Role.SHOP)
    assert statuses(lambda: write(ada), 2) == [201, 201]
    [key] = redis.from_url(url).keys()
    redis.from_url(url).incr(key)  # as another server does
    assert write(ada).status_code == 429
    assert 0 < redis.from_url(url).ttl(key) <= 86_400  # it does not stay for ever


def test_while_redis_is_away_each_server_counts_for_itself(
    client_as: ClientAs, limited: Any, settings: Any, redis_server: Any
) -> None:
    settings.RATES_COUNTED_IN = redis_server()
    limited(writes_per_account=2)
    ada = client_as(Role.SHOP)
    assert write(ada)["RateLimit"].startswith('"writes-per-account";r=1')
    redis_server.processes[0].kill()
    redis_server.processes[0].wait()
    assert statuses(lambda: write(ada), 3) == [201, 201, 429]
    redis_server()
    throttling._away_until = 0.0
    assert statuses(lambda: write(ada), 3) == [201, 201, 429]  # Redis has forgotten, too


def test_a_redis_that_hangs_is_not_waited_for_again_and_again(client_as: ClientAs, limited: Any, settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.RATES_COUNTED_IN = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        limited(writes_per_account=5)
        ada = client_as(Role.SHOP)
        assert write(ada).status_code == 201
        assert throttling._away_until > 0
        silent.setblocking(False)
        silent.accept()[0].close()
        assert statuses(lambda: write(ada), 5) == [201, 201, 201, 201, 429]
        with pytest.raises(BlockingIOError):
            silent.accept()  # nobody has asked again
