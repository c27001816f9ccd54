"""ETag, If-Match, If-None-Match and Cache-Control, as RFC 9110 and 9111 have them."""

from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.roles import Role
from fraud.models import FraudAlert
from tests.conftest import AccountOf, ClientAs
from transactions.models import Transaction

ORDER = "/transactions/A-1"


@pytest.fixture
def shop(client_as: ClientAs) -> APIClient:
    client = client_as(Role.SHOP)
    client.post("/transactions", {"order_id": "A-1", "user_id": 7, "amount": "20.00"})
    return client


@pytest.fixture
def desk(client_as: ClientAs) -> APIClient:
    at = timezone.now()
    FraudAlert.objects.create(
        pk=1, order_id="A-1", user_id=7, amount="20000000.00", timestamp=at, rule="limit", raised_at=at
    )
    return client_as(Role.INVESTIGATOR)


@pytest.fixture(params=["order", "alert"])
def tagged(request: Any) -> tuple[APIClient, str, Any]:
    """A client, the address of something, and a function that changes it under some header fields."""
    if request.param == "order":
        client = request.getfixturevalue("shop")
        return client, ORDER, lambda **at: client.put(f"{ORDER}/status", {"status": "SUCCESS"}, headers=at)
    client = request.getfixturevalue("desk")
    address = "/fraud/alerts/1"
    return client, address, lambda **at: client.patch(address, {"note": "Looked at."}, headers=at)


Tagged = tuple[APIClient, str, Any]


def test_what_was_decided_on_the_present_state_is_done(tagged: Tagged) -> None:
    client, address, change = tagged
    tag = client.get(address)["ETag"]
    changed = change(if_match=tag)
    assert changed.status_code == 200
    assert changed["ETag"] == client.get(address)["ETag"] != tag


def test_what_was_decided_on_an_older_state_is_refused_and_does_nothing(tagged: Tagged) -> None:
    client, address, change = tagged
    old = client.get(address)["ETag"]
    change()
    before = client.get(address)
    refused = change(if_match=old)
    assert (refused.status_code, refused.json()["type"]) == (412, "/problems#precondition-failed")
    assert refused.json()["errors"][0]["header"] == "If-Match"
    assert refused["ETag"] == before["ETag"]
    assert client.get(address).content == before.content


@pytest.mark.parametrize("form", ["*", '"other", {}', "{},{}", '"a,b" , {}'])
def test_one_of_several_tags_is_enough(tagged: Tagged, form: str) -> None:
    client, address, change = tagged
    tag = client.get(address)["ETag"]
    assert change(if_match=form.format(tag, tag)).status_code == 200


@pytest.mark.parametrize("form", ["W/{}", '"other"', '""', 'W/"x", "y"'])
def test_a_weak_tag_or_another_is_not_the_present_state(tagged: Tagged, form: str) -> None:
    client, address, change = tagged
    assert change(if_match=form.format(client.get(address)["ETag"])).status_code == 412


@pytest.mark.parametrize("raw", ["", "abc", '"a', "*, *", '"a" "b"', '"a",', "W/", "'a'"])
def test_what_is_no_tag_is_refused_by_the_name_of_its_field(tagged: Tagged, raw: str) -> None:
    _, _, change = tagged
    refused = change(if_match=raw)
    assert (refused.status_code, refused.json()["errors"][0]["header"]) == (400, "If-Match")


def test_a_repeated_request_gets_the_first_answer_and_not_412(tagged: Tagged) -> None:
    client, address, change = tagged
    tag = client.get(address)["ETag"]
    first, again = [change(if_match=tag, idempotency_key="once") for _ in range(2)]
    assert (first.status_code, again.status_code) == (200, 200)
    assert (again["ETag"], again["Idempotency-Replayed"]) == (first["ETag"], "true")


def test_what_still_holds_is_not_sent_again(tagged: Tagged) -> None:
    client, address, change = tagged
    tag = client.get(address)["ETag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = client.get(address, headers={"If-None-Match": known})
        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag)
    change()
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 200


def test_head_tells_what_get_tells(tagged: Tagged) -> None:
    client, address, _ = tagged
    got, head = client.get(address), client.head(address)
    told = ("ETag", "Cache-Control", "Content-Type", "Vary", "Allow")
    assert {name: head[name] for name in told} == {name: got[name] for name in told}


def test_a_transaction_of_nobody_is_not_found_whatever_it_must_match(shop: APIClient) -> None:
    for tag in ('"x"', "*"):
        answer = shop.put("/transactions/none/status", {"status": "SUCCESS"}, headers={"If-Match": tag})
        assert answer.status_code == 404


def test_every_way_to_a_transaction_has_the_same_tag(shop: APIClient) -> None:
    from api.conditions import etag_of
    from transactions import answers

    assert shop.get(ORDER)["ETag"] == etag_of(answers.of_row(Transaction.objects.get()))


@pytest.mark.parametrize("path", [ORDER, "/fraud/alerts/1"])
def test_what_one_reads_may_be_kept_by_oneself_and_is_asked_for_again(
    shop: APIClient, desk: APIClient, path: str
) -> None:
    client = desk if "alerts" in path else shop
    assert client.get(path)["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize(
    "path",
    ["/transactions", "/transactions/none", "/notifications", "/nowhere", "/health/live", "/transactions?format=api"],
)
def test_anything_else_is_kept_by_nobody(shop: APIClient, path: str) -> None:
    assert shop.get(path)["Cache-Control"] == "private, no-store"


def test_pages_of_people_are_kept_by_nobody(account: AccountOf, client_as: ClientAs) -> None:
    assert "no-store" in APIClient().get("/login")["Cache-Control"]
    client = APIClient()
    client.force_login(account(Role.INVESTIGATOR))
    assert "no-store" in client.get("/admin/")["Cache-Control"]
