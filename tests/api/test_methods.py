"""Every address × every method: none is an error of ours, and what an address does not do it says."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from api.errors import is_page
from tests.api.addresses import served

ADDRESSES = [address for address, _ in served()]
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY", "PROPFIND", "X-1")
UNKNOWN = ("TRACE", "CONNECT", "QUERY", "PROPFIND", "X-1")


@pytest.fixture
def anybody(db: None) -> APIClient:
    return APIClient(raise_request_exception=False)


@pytest.fixture
def superuser(anybody: APIClient) -> APIClient:
    anybody.force_login(User.objects.create_superuser("root"))
    return anybody


def refused_badly(client: APIClient, address: str, method: str) -> Any:
    """The answer, if it is an error of ours, or of another form than an address of its kind gives."""
    answer = client.generic(method, address)
    form = answer.get("Content-Type", "")
    if address.startswith("/health") and answer.status_code == 503:  # a report of what is down
        return None
    if answer.status_code >= 500 and (answer.status_code, form) != (503, "application/problem+json"):
        return address, method, answer.status_code
    if answer.status_code >= 400 and not is_page(answer.wsgi_request) and form != "application/problem+json":
        return address, method, answer.status_code, form
    if answer.status_code == 405 and method in answer["Allow"].split(", "):
        return address, method, answer["Allow"]
    return None


def test_the_addresses_are_those_of_the_platform() -> None:
    assert {"/transactions/A-1/status", "/docs", "/metrics", "/admin/fraud/fraudalert/1/change/"} < set(ADDRESSES)


@pytest.mark.parametrize("method", METHODS)
def test_an_address_answers_every_method_to_a_superuser(superuser: APIClient, method: str) -> None:
    # The admin's pages take all methods alike, and cost more than all other addresses: one of them stands for all.
    addresses = [each for each in ADDRESSES if method == "OPTIONS" or not each.startswith("/admin/")]
    assert [bad for each in addresses if "logout" not in each and (bad := refused_badly(superuser, each, method))] == []


@pytest.mark.parametrize("method", METHODS)
def test_an_address_answers_every_method_to_anybody(anybody: APIClient, method: str) -> None:
    assert [bad for each in ADDRESSES if (bad := refused_badly(anybody, each, method))] == []


@pytest.mark.parametrize("method", UNKNOWN)
def test_nothing_is_done_by_a_method_that_is_unknown(superuser: APIClient, method: str) -> None:
    addresses = [each for each in ADDRESSES if not each.startswith(("/admin/", "/login"))]
    answers = {each: superuser.generic(method, each).status_code for each in addresses}
    assert {each: status for each, status in answers.items() if status not in (401, 405)} == {}


def test_options_tell_the_forms_and_the_methods_of_an_address(superuser: APIClient) -> None:
    answer = superuser.options("/transactions/A-1/status")
    assert answer["Allow"] == "PUT, OPTIONS"
    assert superuser.options("/analytics/users/1/hourly", headers={"Accept": "text/csv"}).status_code == 200
    assert answer.json()["parses"] == ["application/json", "application/x-www-form-urlencoded"]
