import logging
import re

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.roles import Role
from tests.conftest import ClientAs

UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture
def shop(client_as: ClientAs) -> APIClient:
    return client_as(Role.SHOP)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/transactions", 200),
        ("get", "/transactions/nothing", 404),
        ("post", "/transactions", 400),
        ("patch", "/transactions", 405),
        ("get", "/nowhere", 404),
        ("get", "/health/live", 200),
        ("head", "/transactions", 200),
        ("get", "/docs", 200),
        ("get", "/static/nothing.css", 404),
    ],
)
def test_every_answer_names_an_id_of_its_own(shop: APIClient, method: str, path: str, status: int) -> None:
    answers = [getattr(shop, method)(path) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [status] * 2
    assert all(UUID.fullmatch(answer["X-Request-Id"]) for answer in answers)
    assert len({answer["X-Request-Id"] for answer in answers}) == 2


OWN = ["0d7c3f1e-5b0e-4c58-9a53-7f1f5f4a2b10", "01JDQ7M3", "a" * 128, "checkout/42:retry=1", "Root=1-67891233-abcdef"]


@pytest.mark.parametrize("own", OWN)
def test_the_callers_own_id_is_taken(shop: APIClient, own: str) -> None:
    answer = shop.post("/transactions", {}, headers={"X-Request-Id": own})
    assert answer["X-Request-Id"] == answer.json()["request_id"] == own


@pytest.mark.parametrize(
    "own", ["", " ", "a" * 129, "a b", "a\tb", "é", '"', "<script>", "a,b", "a;b", "-", "{}", "\x1b[31m", "a\n"]
)
def test_what_a_log_cannot_bear_is_no_id(shop: APIClient, own: str) -> None:
    assert UUID.fullmatch(shop.get("/transactions", headers={"X-Request-Id": own})["X-Request-Id"])


def test_who_is_not_logged_in_is_told_it_too(db: None, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        answer = client.get("/transactions", headers={"X-Request-Id": "of-a-stranger"})
    assert (answer.status_code, answer["X-Request-Id"], answer.json()["request_id"]) == (
        401, "of-a-stranger", "of-a-stranger"
    )  # fmt: skip
