import json
import logging
from typing import Any

import pytest
import structlog
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from accounts.roles import Role
from api.problems import ProblemType, pointer_errors
from tests.conftest import AccountOf, ClientAs
from tests.databases import changes_tables

ORDER = {"user_id": 42, "amount": "19.99"}


def is_problem(answer: Any, type_: ProblemType) -> bool:
    problem = answer.json()
    return (answer.status_code, answer["Content-Type"], problem["type"], problem["status"], problem["title"]) == (
        type_.status, "application/problem+json", type_.uri, type_.status, type_.title
    )  # fmt: skip


@pytest.fixture
def shop(client_as: ClientAs) -> APIClient:
    return client_as(Role.SHOP)


def post(client: APIClient, body: str, content_type: str = "application/json") -> Any:
    return client.generic("POST", "/transactions", body, content_type=content_type)


@pytest.mark.parametrize(
    "body",
    [
        '{"\\ud800": 1, "\\ud800": 2}',
        '{"user_id": 1,}',
        '{"user_id": NaN}',
        '{"amount": -Infinity}',
        '{"a": 1, "a": 2}',
        '"\\ud800"',
        "[" * 50_000,
    ],
)
def test_what_is_no_strict_json_is_malformed(shop: APIClient, body: str) -> None:
    assert is_problem(post(shop, body), ProblemType.MALFORMED)


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf" + json.dumps(ORDER).encode(),
        json.dumps(ORDER).encode("utf-16"),
        json.dumps(ORDER).encode("utf-16-le"),
        b'{"user_id": 1, "amount": 1, "order_id": "\xe9"}',
        b'{"user_id": 1, "amount": 1E99999999999999999999}',
        b'{"user_id": 1, "amount": 1, "a": ' + b"[" * 30 + b"]" * 30 + b"}",
        b'{"user_id": 1, "amount": 1, "a": ' + b'{"a": ' * 30 + b"1" + b"}" * 31,
        b'{"user_id": 1' + b"0" * 5000 + b"}",
        b"\x00",
        b"{'user_id': 1}",
    ],
    ids=repr,
)
def test_bytes_that_are_no_plain_json_are_malformed(shop: APIClient, body: Any) -> None:
    for headers in ({}, {"Idempotency-Key": "k"}):
        answer = shop.generic("POST", "/transactions", body, content_type="application/json", headers=headers)
        assert is_problem(answer, ProblemType.MALFORMED)


@pytest.mark.parametrize(
    "amount",
    [
        "1e-400",
        "1e-3",
        "5.00000000000000000000000001",
        "1E400",
        "1E+99999999",
        "9" * 4000,
        "true",
        "[]",
        "null",
        "-0.01",
    ]
    + [f'"{text}"' for text in (" 5", "5 ", "1E2", "NaN", "٥", "1_000", "0x1", "+", "", "5.", "5.001", "5\\u0000")],
)
def test_an_amount_that_is_none_is_refused_by_its_name(shop: APIClient, amount: str) -> None:
    answer = post(shop, f'{{"user_id": 1, "amount": {amount}}}')
    assert is_problem(answer, ProblemType.VALIDATION)
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/amount"]


@pytest.mark.parametrize(
    ("written", "told"),
    [("-0", "0.00"), ("0e5", "0.00"), ("-0.000", "0.00"), ("1.990e1", "19.90"), ("1e12", "1000000000000.00")],
)
def test_a_number_is_taken_as_what_it_is_worth(shop: APIClient, written: str, told: str) -> None:
    answer = post(shop, f'{{"user_id": 1, "amount": {written}}}')
    assert (answer.status_code, answer.json()["amount"]) == (201, told)


def test_a_pair_of_surrogates_is_a_character(shop: APIClient) -> None:
    assert is_problem(post(shop, '{"\\ud83d\\ude00": 1}'), ProblemType.VALIDATION)


@pytest.mark.parametrize("charset", ["nope", "zip", "latin-1", "utf-16", "utf-8-sig", '"utf-7"'])
@pytest.mark.parametrize("form", ["application/json", "application/x-www-form-urlencoded"])
def test_a_charset_that_is_not_utf8_is_malformed(shop: APIClient, form: str, charset: str) -> None:
    body = json.dumps(ORDER) if form == "application/json" else "user_id=42&amount=19.99"
    answer = post(shop, body, f"{form}; charset={charset}")
    assert is_problem(answer, ProblemType.MALFORMED)
    assert "UTF-8" in answer.json()["detail"]


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", "utf8", '"utf-8"', "us-ascii"])
def test_utf8_may_be_said(shop: APIClient, charset: str) -> None:
    assert post(shop, json.dumps(ORDER), f"application/json; charset={charset}").status_code == 201


def test_a_form_of_other_bytes_is_malformed(shop: APIClient) -> None:
    assert is_problem(post(shop, "user_id=1&amount=2&order_id=%ff", FORM), ProblemType.MALFORMED)


def test_other_content_types_are_told_which_works(shop: APIClient) -> None:
    answer = post(shop, "<order/>", "application/xml")
    assert is_problem(answer, ProblemType.UNSUPPORTED_MEDIA_TYPE)
    assert "application/json" in answer.json()["detail"]


def test_json_that_is_said_to_be_a_form_is_told_the_right_content_type(shop: APIClient) -> None:
    answer = post(shop, json.dumps(ORDER), FORM)
    assert is_problem(answer, ProblemType.MALFORMED)
    assert "Content-Type: application/json" in answer.json()["detail"]


def test_an_unknown_field_of_a_form_is_named(shop: APIClient) -> None:
    answer = post(shop, "user_id=1&amount=2&ammount=3&csrfmiddlewaretoken=x", FORM)
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/ammount"]


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "large"}])
@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded"])
def test_a_body_over_the_limit_is_too_large(
    shop: APIClient, settings: Any, content_type: str, headers: dict[str, str]
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = shop.generic("POST", "/transactions", " " * 1001, content_type=content_type, headers=headers)
    assert is_problem(answer, ProblemType.TOO_LARGE)
    assert is_problem(post(shop, " " * 1000), ProblemType.MALFORMED)


def test_a_wrong_method_is_told_the_right_ones(shop: APIClient) -> None:
    answer = shop.delete("/transactions")
    assert is_problem(answer, ProblemType.METHOD_NOT_ALLOWED)
    assert answer["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_an_unknown_form_is_not_acceptable(shop: APIClient) -> None:
    assert is_problem(shop.get("/transactions", headers={"Accept": "image/png"}), ProblemType.NOT_ACCEPTABLE)


def test_a_problem_is_json_also_for_who_asked_for_problems_only(shop: APIClient) -> None:
    answer = shop.get("/transactions/none", headers={"Accept": "application/problem+json, application/json"})
    assert is_problem(answer, ProblemType.NOT_FOUND)


def test_an_address_without_a_view_is_a_problem_for_the_api_and_a_page_for_people(db: None) -> None:
    assert is_problem(Client().get("/transaction"), ProblemType.NOT_FOUND)
    assert is_problem(Client().get("/transactions/"), ProblemType.NOT_FOUND)
    page = Client().get("/static/none.css")
    assert (page.status_code, page["Content-Type"]) == (404, "text/html; charset=utf-8")


def test_a_host_that_is_not_ours_is_malformed(db: None) -> None:
    assert is_problem(Client().get("/transactions", headers={"Host": "evil.example"}), ProblemType.MALFORMED)
    assert Client().get("/login", headers={"Host": "evil.example"})["Content-Type"].startswith("text/html")


def formatter_of(settings: Any) -> dict[str, Any]:
    """With what every process formats its log."""
    return {name: value for name, value in settings.LOGGING["formatters"]["structured"].items() if name != "()"}


@changes_tables
def test_an_error_of_ours_is_logged_with_its_traceback_and_tells_nothing(
    shop: APIClient, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE outbox RENAME TO secret_name")
    caplog.handler.setFormatter(structlog.stdlib.ProcessorFormatter(**formatter_of(settings)))
    with caplog.at_level(logging.ERROR):
        answer = shop.post("/transactions", ORDER)
    assert is_problem(answer, ProblemType.INTERNAL)
    assert "outbox" not in answer.content.decode()
    assert any(record.exc_info for record in caplog.records if record.name == "django.request")
    assert answer.json()["request_id"] in caplog.text


def test_without_csrf_token_a_session_changes_nothing(account: AccountOf) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(account(Role.SHOP))
    assert is_problem(client.post("/transactions", ORDER), ProblemType.FORBIDDEN)


@pytest.mark.parametrize("token", ["x", "Bearer", "Bearer a b", "Bearer wrong", "Bearer ä", "Bearer " + "a" * 5000])
def test_a_bad_token_is_401(db: None, token: str) -> None:
    answer = APIClient(raise_request_exception=False).get("/transactions", headers={"Authorization": token})
    assert is_problem(answer, ProblemType.UNAUTHENTICATED)
    assert answer["WWW-Authenticate"] == "Bearer"


def test_the_page_of_problems_sets_what_to_write_as_code(client: Client) -> None:
    page = client.get("/problems").content.decode()
    assert "`" not in page
    assert "<code>Authorization: Bearer</code>" in page


def test_the_page_of_problems_explains_every_type(client: Client) -> None:
    page = client.get("/problems").content.decode()
    assert all(f'id="{type_.slug}"' in page for type_ in ProblemType)


def test_pointers_lead_into_lists_and_through_odd_names() -> None:
    errors = {"non_field_errors": ["a"], 3: {"amount": ["b", "c"], "x/y~": {"non_field_errors": ["d"]}}}
    assert [(error["pointer"], error["detail"]) for error in pointer_errors(errors)] == [
        ("#", "a"),
        ("#/3/amount", "b"),
        ("#/3/amount", "c"),
        ("#/3/x~1y~0", "d"),
    ]


class TestTheBrowsableApi:
    @pytest.fixture
    def browser(self, account: AccountOf) -> Client:
        browser = Client(headers={"Accept": "text/html"})
        browser.force_login(account(Role.SHOP))
        return browser

    @pytest.mark.parametrize("path", ["/transactions", "/notifications", "/auth/tokens", "/transactions?limit=1"])
    def test_pages_show_for_somebody_logged_in(self, browser: Client, path: str) -> None:
        assert browser.get(path)["Content-Type"] == "text/html; charset=utf-8"

    def test_its_forms_record_orders(self, browser: Client) -> None:
        assert 'name="amount"' in browser.get("/transactions").content.decode()
        form = {"user_id": "42", "amount": "19.99", "order_id": "", "status": "SUCCESS", "timestamp": ""}
        answer = browser.post("/transactions", "&".join(f"{k}={v}" for k, v in form.items()), FORM)
        assert answer.status_code == 201
        assert browser.get("/transactions", headers={"Accept": "*/*"}).json()["results"][0]["user_id"] == 42

    def test_problems_show_as_other_clients_get_them(self, browser: Client) -> None:
        page = browser.post("/transactions", "user_id=x", FORM)
        assert page.status_code == 400
        assert "application/problem+json" in page.content.decode()
        assert "#/user_id" in page.content.decode()

    def test_a_customer_gets_no_form_to_write(self, browser: Client, account: AccountOf) -> None:
        browser.force_login(account(Role.CUSTOMER, user_id=1))
        assert 'name="amount"' not in browser.get("/transactions").content.decode()


FORM = "application/x-www-form-urlencoded"


def test_superusers_may_do_everything(db: None) -> None:
    client = APIClient()
    client.force_authenticate(User.objects.create_superuser("root"))
    assert client.post("/transactions", ORDER).status_code == 201
    assert len(json.loads(client.get("/transactions").content)["results"]) == 1
