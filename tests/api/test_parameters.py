"""One way of reading query strings: what one endpoint refuses, all do, in the same words."""

from base64 import b64encode
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.test import APIClient

from api.endpoints import Endpoint
from tests.api.addresses import served

VIEWS = [(address, view.cls) for address, view in served() if hasattr(view, "cls")]
METHODS = [
    (address, method.upper())
    for address, view in VIEWS
    for method in view.http_method_names
    if issubclass(view, Endpoint) and hasattr(view, method)
]
LISTS = ["/transactions", "/fraud/alerts", "/notifications"]
TOKEN = "shown by nobody but these tests"


@pytest.fixture
def superuser(db: None) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.force_login(User.objects.create_superuser("root"))
    return client


def ask(client: APIClient, method: str, address: str, settings: Any) -> Any:
    settings.ALERTMANAGER_TOKEN = TOKEN
    if address.startswith(("/notifications/alertmanager", "/notifications/heartbeat")):
        return client.generic(method, address, headers={"Authorization": f"Bearer {TOKEN}"})
    return client.generic(method, address)


def refused(answer: Any) -> list[tuple[str, str]]:
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json"), answer.content
    return [(error["parameter"], error["detail"]) for error in answer.json()["errors"]]


def test_every_view_is_an_endpoint() -> None:
    others = {view for _, view in VIEWS if not issubclass(view, Endpoint)}
    assert others == {SpectacularAPIView, SpectacularSwaggerView}


@pytest.mark.parametrize(("address", "method"), [each for each in METHODS if "current" not in each[0]])
@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("colour=red", "There is no such parameter here: use "),
        ("colour=", "There is no such parameter here: use "),
        ("format=json&format=json", "Give this once only."),
        ("format=", "Give a value, or leave this out."),
        ("format=xml", "Use json or "),
    ],
)
def test_what_no_endpoint_knows_is_refused_everywhere(
    superuser: APIClient, settings: Any, *, address: str, method: str, query: str, sentence: str
) -> None:
    answer = ask(superuser, method, f"{address}?{query}", settings)
    if method == "HEAD":
        assert answer.status_code == 400
    else:
        [(name, told)] = refused(answer)
        assert (name, told[: len(sentence)]) == (query.partition("=")[0], sentence)


@pytest.mark.parametrize("address", [*LISTS, "/analytics/users/1/hourly", "/live/state"])
def test_a_parameter_has_a_value_and_stands_there_once(superuser: APIClient, address: str) -> None:
    view = dict(VIEWS)[address]
    names = [*view.parameters().fields, *view.read_by_paginator]
    assert names
    for name in names:
        assert refused(superuser.get(f"{address}?{name}=")) == [(name, "Give a value, or leave this out.")]
        assert refused(superuser.get(f"{address}?{name}")) == [(name, "Give a value, or leave this out.")]
        assert refused(superuser.get(f"{address}?{name}=1&{name}=1")) == [(name, "Give this once only.")]
        assert refused(superuser.get(f"{address}?{name}=&{name}=1")) == [(name, "Give this once only.")]


@pytest.mark.parametrize("address", [*LISTS, "/analytics/users/1/hourly", "/live/state"])
@pytest.mark.parametrize("value", ["9" * 23, "9" * 5000, "٥", "1_0", "+1", "1e3", "0x1", "%00", "-1", "1;drop", "NaN"])
def test_what_is_no_value_of_a_parameter_is_refused_by_its_name(superuser: APIClient, address: str, value: str) -> None:
    view = dict(VIEWS)[address]
    texts = ("refund_of", "rule")
    for name in [*view.parameters().fields, *view.read_by_paginator]:
        if name not in texts and not (value == "-1" and name.startswith("amount")):
            assert [each for each, _ in refused(superuser.get(f"{address}?{name}={value}"))] == [name]


@pytest.mark.parametrize("address", [*LISTS, "/health", "/monitoring/kafka", "/notifications/1"])
def test_a_query_string_of_other_bytes_is_malformed(superuser: APIClient, address: str) -> None:
    answer = superuser.get(f"{address}?rule=%ff")
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems#malformed")


@pytest.mark.parametrize("address", LISTS)
def test_a_query_string_of_too_many_parameters_is_malformed(superuser: APIClient, address: str) -> None:
    answer = superuser.get(f"{address}?{'a=1&' * 1001}")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


@pytest.mark.parametrize("user_id", ["9" * 23, "9" * 5000, "2147483648", "-1", "x", "1.0", "٥", "+1", "%00", " 1"])
def test_the_number_of_a_user_in_an_address_is_one(superuser: APIClient, user_id: str) -> None:
    [(name, _)] = refused(superuser.get(f"/analytics/users/{user_id}/hourly"))
    assert name == "user_id"


@pytest.mark.parametrize("address", ["/fraud/alerts/", "/notifications/"])
@pytest.mark.parametrize("number", ["9" * 23, "9" * 5000, "2147483648", "0"])
def test_a_row_that_cannot_be_is_not_found(superuser: APIClient, address: str, number: str) -> None:
    answer = superuser.get(address + number)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems#not-found")


def test_an_asked_for_method_is_refused_before_its_parameters(superuser: APIClient) -> None:
    assert superuser.delete("/transactions?colour=red").status_code == 405


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-01-01T00:00:00"])
@pytest.mark.parametrize("address", ["/transactions", "/fraud/alerts"])
def test_a_cursor_at_a_moment_that_no_calendar_has_is_refused(superuser: APIClient, address: str, moment: str) -> None:
    cursor = b64encode(urlencode([("p", moment), ("p", "1")]).encode()).decode()
    answer = superuser.get(address, {"cursor": cursor})
    assert [parameter for parameter, _ in refused(answer)] == ["cursor"]
