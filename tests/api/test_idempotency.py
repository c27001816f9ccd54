import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.response import Response
from rest_framework.test import APIClient, APIRequestFactory
from rest_framework.views import APIView

from accounts.authentication import make_token
from accounts.roles import Role
from api.idempotency import idempotent
from api.models import IdempotencyKey
from api.tasks import forget_idempotency_keys
from native.driving import embedded
from tests.conftest import ClientAs
from transactions.models import Transaction

ORDER = {"user_id": 42, "amount": "19.99"}


@pytest.fixture
def shop(client_as: ClientAs) -> APIClient:
    return client_as(Role.SHOP)


def post(client: APIClient, key: str, body: Any = ORDER) -> Any:
    return client.post("/transactions", body, headers={"Idempotency-Key": key})


def test_the_first_answer_is_given_again(shop: APIClient) -> None:
    first, second = post(shop, "k"), post(shop, "k")
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert first["Location"] == second["Location"]
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"
    assert Transaction.objects.count() == 1


def test_a_list_is_given_again_too(shop: APIClient) -> None:
    assert post(shop, "k", [ORDER, ORDER]).content == post(shop, "k", [ORDER, ORDER]).content
    assert Transaction.objects.count() == 2


def test_a_change_of_status_is_given_again_with_its_link(shop: APIClient) -> None:
    path = post(shop, "k", ORDER | {"status": "SUCCESS"})["Location"] + "/status"
    first, second = (shop.put(path, {"status": "REFUNDED"}, headers={"Idempotency-Key": "r"}) for _ in range(2))
    assert (first.status_code, first.content, first["Link"]) == (200, second.content, second["Link"])
    assert Transaction.objects.count() == 2


def test_without_a_key_each_request_counts(shop: APIClient) -> None:
    shop.post("/transactions", ORDER)
    shop.post("/transactions", ORDER)
    assert Transaction.objects.count() == 2
    assert not IdempotencyKey.objects.exists()


def test_another_body_or_address_under_the_same_key_is_422(shop: APIClient) -> None:
    location = post(shop, "k")["Location"]
    answers = [
        post(shop, "k", ORDER | {"amount": "20.00"}),
        shop.put(f"{location}/status", {"status": "SUCCESS"}, headers={"Idempotency-Key": "k"}),
        shop.post("/transactions?format=json", ORDER, headers={"Idempotency-Key": "k"}),
    ]
    assert [(answer.status_code, answer.json()["type"]) for answer in answers] == [
        (422, "/problems#idempotency-key-reused")
    ] * 3
    assert Transaction.objects.get().status == "PENDING"


def test_a_refused_request_leaves_its_key_free(shop: APIClient) -> None:
    assert post(shop, "k", {"user_id": 1}).status_code == 400
    assert post(shop, "k").status_code == 201
    order_id = Transaction.objects.get().order_id
    assert post(shop, "j", ORDER | {"order_id": order_id}).status_code == 409
    assert post(shop, "j").status_code == 201


def test_each_account_has_keys_of_its_own(shop: APIClient, client_as: ClientAs) -> None:
    assert post(shop, "k").json()["order_id"] != post(client_as(Role.SHOP), "k").json()["order_id"]


def test_the_same_json_in_other_spacing_or_order_is_the_same_request(shop: APIClient) -> None:
    written = [
        '{"user_id": 42, "amount": 19.99}',
        '{\n  "amount":19.99, "user_id" : 42 }\n',
        '{"user_id":42,"\\u0061mount":19.99}',
    ]
    answers = [
        shop.generic("POST", "/transactions", body, content_type="application/json", headers={"Idempotency-Key": "k"})
        for body in written
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len({answer.content for answer in answers}) == 1
    assert Transaction.objects.count() == 1


@pytest.mark.parametrize("body", [{"user_id": 42, "amount": 19.98}, {"user_id": 42, "amount": "19.9"}, [ORDER]])
def test_another_value_is_another_request(shop: APIClient, body: Any) -> None:
    assert post(shop, "k").status_code == 201
    assert post(shop, "k", body).status_code == 422


def test_a_form_sent_again_is_the_same_request(shop: APIClient) -> None:
    form = "user_id=42&amount=19.99", "application/x-www-form-urlencoded"
    answers = [
        shop.generic("POST", "/transactions", form[0], content_type=form[1], headers={"Idempotency-Key": "k"})
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert Transaction.objects.count() == 1


def test_two_keys_are_refused_whatever_server_joins_them(live_server: Any) -> None:
    shop = User.objects.create_superuser("root")
    _, token = make_token(shop)
    connection = HTTPConnection(live_server.thread.host, live_server.thread.port, timeout=30)
    with closing(connection):
        connection.putrequest("POST", "/transactions")
        body = json.dumps(ORDER).encode()
        for name, value in [
            ("Authorization", f"Bearer {token}"), ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))), ("Idempotency-Key", "one"), ("Idempotency-Key", "two"),
        ]:  # fmt: skip
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        problem = json.loads(answer.read())
    assert (answer.status, [error["header"] for error in problem["errors"]]) == (400, ["Idempotency-Key"])
    assert not Transaction.objects.exists()


@pytest.mark.parametrize("key", ["", " ", "a,b", "a, b", "two words", "k" * 256, "é", "\x7f"])
def test_a_bad_key_is_refused_by_the_headers_name(shop: APIClient, key: str) -> None:
    answer = post(shop, key)
    assert answer.status_code == 400
    assert [error["header"] for error in answer.json()["errors"]] == ["Idempotency-Key"]
    assert not Transaction.objects.exists()


def test_a_key_may_have_255_characters(shop: APIClient) -> None:
    assert post(shop, "~" * 255).status_code == 201


def test_what_became_of_an_order_since_does_not_show_in_the_answer_given_again(shop: APIClient) -> None:
    orders = [ORDER | {"amount": f"{number}.50"} for number in range(1, 400)]
    first = post(shop, "k", orders)
    Transaction.objects.update(status="FAILED", updated_at=timezone.now())
    Transaction.objects.first().delete()  # type: ignore[union-attr]
    assert post(shop, "k", orders).content == first.content


def test_a_lists_answer_is_kept_in_a_fraction_of_its_size(shop: APIClient) -> None:
    answer = post(shop, "k", [ORDER | {"user_id": number} for number in range(1, 1001)])
    assert len(IdempotencyKey.objects.get().body) < len(answer.content) / 5


def test_an_answer_that_an_older_version_kept_is_given_again(shop: APIClient) -> None:
    first = post(shop, "k")
    IdempotencyKey.objects.update(body=first.content)
    assert post(shop, "k").content == first.content


def test_a_key_costs_no_more_than_its_row(shop: APIClient) -> None:
    post(shop, "first")
    with CaptureQueriesContext(connection) as without:
        shop.post("/transactions", ORDER)
    with CaptureQueriesContext(connection) as with_key:
        post(shop, "k")
    written = [query["sql"].split()[0] for query in with_key if "idempotencykey" in query["sql"]]
    assert written == ["INSERT", "UPDATE"]
    assert len(with_key) == len(without) + 2


def test_a_constraint_that_the_work_itself_breaks_is_not_taken_for_a_used_key(shop: APIClient) -> None:
    @idempotent
    def break_one(view: Any, request: Any) -> Response:
        User.objects.create(username=User.objects.get().username)
        return Response()

    request = APIView().initialize_request(APIRequestFactory().post("/", {}, headers={"Idempotency-Key": "k"}))
    request.user = User.objects.get()
    with pytest.raises(IntegrityError, match="username"):
        break_one(None, request)
    assert not IdempotencyKey.objects.exists()


def test_old_keys_are_forgotten(shop: APIClient) -> None:
    post(shop, "old")
    IdempotencyKey.objects.update(created_at=timezone.now() - settings.IDEMPOTENCY_KEYS_KEPT - timedelta(seconds=1))
    post(shop, "new")
    assert forget_idempotency_keys() == 1
    assert IdempotencyKey.objects.get().key == "new"


AT_ONCE = """
import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import django
django.setup()
from django.contrib.auth.models import Group, User
from django.db import connections
from rest_framework.test import APIClient

shop = User.objects.create_user("shop")
shop.groups.add(Group.objects.get(name="shop"))
APIClient(SERVER_NAME="localhost").get("/health/live")  # loads the middleware, as a server does before it answers
ready = Barrier(8)

def request(_):
    client = APIClient(SERVER_NAME="localhost")
    client.force_authenticate(shop)
    ready.wait()
    answer = client.post("/transactions", {"user_id": 1, "amount": 5}, headers={"Idempotency-Key": "k"})
    connections.close_all()
    return answer.status_code, "Idempotency-Replayed" in answer, answer.content.decode()

with ThreadPoolExecutor(8) as pool:
    print(json.dumps(list(pool.map(request, range(8)))))
"""


def test_of_requests_that_come_at_once_one_is_done_and_the_others_get_its_answer(
    migrated_database: Path, tmp_path: Path
) -> None:
    file = Path(copy(migrated_database, tmp_path / "platform.sqlite3"))
    environment = os.environ | embedded.platform_environment(file, "127.0.0.1:1")
    environment |= {"DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONPATH": "platform", "LOG_LEVEL": "ERROR"}
    done = subprocess.run(
        [sys.executable, "-c", AT_ONCE], cwd=embedded.ROOT, env=environment, check=True, stdout=subprocess.PIPE
    )
    answers = json.loads(done.stdout)
    assert {(status, body) for status, _, body in answers} == {(201, answers[0][2])}
    assert sorted(replayed for _, replayed, _ in answers) == [False] + [True] * 7
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("SELECT COUNT(*) FROM transactions").fetchone() == (1,)
