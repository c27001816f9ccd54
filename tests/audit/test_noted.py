"""What the shop's own people read of others is noted, and nothing else."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import OperationalError, connection
from django.test import Client

from accounts.roles import Role
from api import exports
from api.pagination import Cursor
from audit.middleware import forget_who_watches
from audit.models import AuditLine
from fraud.models import FraudAlert
from tests.audit.conftest import Reader

pytestmark = pytest.mark.django_db

SHOWN = ("route", "method", "format", "status", "user_id", "order_id", "object_id", "asked", "shown")
ANALYST, INVESTIGATOR, SHOP, OPERATOR = Role.ANALYST, Role.INVESTIGATOR, Role.SHOP, Role.OPERATOR
ANYBODY = (None, "", "", "")


def noted(*columns: str) -> list[Any]:
    return list(AuditLine.objects.order_by("pk").values_list(*(columns or SHOWN)))


def ask(client: Client, method: str, path: str, body: Any = None) -> Any:
    return client.generic(method, path, "" if body is None else json.dumps(body), content_type="application/json")


Read = tuple[Role, str, str, Any, tuple[Any, ...]]
READS: list[Read] = [
    (ANALYST, "GET", "/transactions", None, ("transactions", "json", *ANYBODY, 3)),
    (ANALYST, "HEAD", "/transactions", None, ("transactions", "json", *ANYBODY, 3)),
    (ANALYST, "GET", "/transactions?format=csv", None,
     ("transactions", "csv", None, "", "", '{"format":"csv","limit":"1000"}', 3)),
    (ANALYST, "GET", "/transactions?user_id=7", None, ("transactions", "json", 7, "", "", "", 2)),
    (ANALYST, "GET", "/transactions?user_id=0", None, ("transactions", "json", 0, "", "", "", 0)),
    (ANALYST, "GET", "/transactions?refund_of=a-1", None, ("transactions", "json", None, "a-1", "", "", 0)),
    (ANALYST, "GET", "/transactions?status=FAILED", None,
     ("transactions", "json", None, "", "", '{"status":"FAILED"}', 0)),
    (ANALYST, "GET", "/transactions?format=api", None, ("transactions", "html", None, "", "", '{"format":"api"}', 3)),
    (ANALYST, "GET", "/transactions/a-1", None, ("transaction", "json", 7, "a-1", "", "", 1)),
    (ANALYST, "HEAD", "/transactions/a-1", None, ("transaction", "json", 7, "a-1", "", "", 1)),
    (ANALYST, "GET", "/transactions/a-1/refunds", None, ("transaction-refunds", "json", None, "a-1", "", "", 0)),
    (ANALYST, "GET", "/analytics/users/9/hourly", None, ("hourly-totals", "json", 9, "", "", "", 0)),
    (ANALYST, "GET", "/analytics/users/9/hourly?format=csv", None,
     ("hourly-totals", "csv", 9, "", "", '{"format":"csv"}', 0)),
    (ANALYST, "POST", "/search/transactions", {}, ("search-transactions", "json", *ANYBODY, 3)),
    (ANALYST, "POST", "/search/transactions", {"user_id": 8, "status": ["SUCCESS"]},
     ("search-transactions", "json", 8, "", "", '{"status":["SUCCESS"]}', 1)),
    (ANALYST, "POST", "/search/transactions", {"amount": {"gte": 0.01, "lte": "5.00"}, "limit": 1},
     ("search-transactions", "json", None, "", "", '{"amount":{"gte":"0.01","lte":"5.00"},"limit":1}', 1)),
    (ANALYST, "POST", "/search/transactions?format=csv", {"order_id": "a-1"},
     ("search-transactions", "csv", None, "a-1", "", "", 1)),
    (INVESTIGATOR, "GET", "/fraud/alerts?user_id=7", None, ("fraud-alerts", "json", 7, "", "", "", 1)),
    (INVESTIGATOR, "GET", "/fraud/alerts/ALERT", None, ("fraud-alert", "json", 7, "a-1", "ALERT", "", 1)),
    (INVESTIGATOR, "PATCH", "/fraud/alerts/ALERT", {"note": "x"}, ("fraud-alert", "json", 7, "a-1", "ALERT", "", 1)),
    (SHOP, "GET", "/transactions?user_id=7", None, ("transactions", "json", 7, "", "", "", 2)),
    (SHOP, "GET", "/analytics/users/7/hourly", None, ("hourly-totals", "json", 7, "", "", "", 0)),
    (OPERATOR, "GET", "/live/state", None, ("live-state", "json", *ANYBODY, 4)),
    (ANALYST, "GET", "/live/state", None, ("live-state", "json", *ANYBODY, 3)),
]  # fmt: skip


@pytest.mark.parametrize("read", READS, ids=lambda read: " ".join(read[:3]))
def test_a_read_leaves_one_line(reader: Reader, alert: FraudAlert, read: Read) -> None:
    role, method, path, body, expected = read
    client = reader(role)
    answer = ask(client, method, path.replace("ALERT", str(alert.pk)), body)
    assert answer.status_code == 200, answer.content
    route, form, *others = (str(alert.pk) if each == "ALERT" else each for each in expected)
    assert noted() == [(route, method, form, 200, *others)]


def test_a_line_says_who_read_in_which_role_from_where_and_under_which_id(reader: Reader, alert: FraudAlert) -> None:
    answer = reader(ANALYST, **{"X-Request-Id": "look-1"}).get("/transactions/a-1", REMOTE_ADDR="192.0.2.7")
    assert answer["X-Request-Id"] == "look-1"
    account = User.objects.get(groups__name=ANALYST)
    assert noted("account_id", "role", "address", "request_id") == [(account.pk, "analyst", "192.0.2.7", "look-1")]


def test_no_address_gets_in_as_the_id_of_a_request(reader: Reader, alert: FraudAlert) -> None:
    reader(ANALYST, **{"X-Request-Id": "ada@shop.example"}).get("/transactions/a-1")
    assert noted("request_id") == [("…",)]


def test_a_superuser_is_called_one(reader: Reader, alert: FraudAlert) -> None:
    client = reader(None)
    assert client.get("/transactions/a-1").status_code == 200
    assert ask(client, "PUT", "/transactions/a-1/status", {"status": "REFUNDED"}).status_code == 200
    assert noted("role", "route", "method", "user_id") == [
        ("superuser", "transaction", "GET", 7),
        ("superuser", "transaction-status", "PUT", 7),
    ]


@pytest.mark.parametrize("path", ["/transactions", "/transactions/a-1", "/analytics/users/7/hourly", "/notifications"])
def test_who_reads_his_own_leaves_no_line(reader: Reader, alert: FraudAlert, path: str) -> None:
    assert reader(Role.CUSTOMER).get(path).status_code == 200
    assert noted() == []


def test_what_the_shops_machine_asks_of_one_order_leaves_no_line(reader: Reader, alert: FraudAlert) -> None:
    shop = reader(SHOP)
    refund = ask(shop, "POST", "/transactions/a-2/refunds", {"amount": "1.00"})
    asked = [shop.get("/transactions/a-1"), shop.get("/transactions/a-1/refunds"), refund]
    assert [answer.status_code for answer in asked] == [200, 200, 201]
    assert noted() == []


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        (ANALYST, "/transactions/none", 404),
        (ANALYST, "/transactions/" + 300 * "x", 404),
        (ANALYST, "/transactions?user_id=-1", 400),
        (ANALYST, "/transactions?user_id=99999999999999999999", 400),
        (ANALYST, "/analytics/users/2147483648/hourly", 400),
        (ANALYST, "/transactions?colour=red", 400),
        (ANALYST, "/fraud/alerts", 403),
        (INVESTIGATOR, "/fraud/alerts/99999999999999999999", 404),
        (OPERATOR, "/transactions", 403),
        (ANALYST, "/nothing", 404),
        (ANALYST, "/notifications", 200),
        (ANALYST, "/health/live", 200),
    ],
)
def test_what_shows_nobodys_data_leaves_no_line(reader: Reader, role: Role, path: str, status: int) -> None:
    assert reader(role).get(path).status_code == status
    assert noted() == []


def test_who_is_not_known_leaves_no_line(alert: FraudAlert) -> None:
    for headers in ({}, {"Authorization": "Bearer none"}):
        assert Client(headers=headers).get("/transactions").status_code == 401
    assert noted() == []


def test_what_is_over_a_limit_leaves_no_line(reader: Reader, alert: FraudAlert, settings: Any) -> None:
    settings.RATES = {"searches-per-account": "1/day"}
    client = reader(ANALYST)
    statuses = [ask(client, "POST", "/search/transactions", {}).status_code for _ in range(2)]
    assert statuses == [200, 429]
    assert noted("route") == [("search-transactions",)]


@pytest.mark.parametrize("path", ["/transactions/a-1", "/fraud/alerts/ALERT"])
def test_that_what_one_has_still_holds_is_noted_too(reader: Reader, alert: FraudAlert, path: str) -> None:
    answer = reader(INVESTIGATOR).get(path.replace("ALERT", str(alert.pk)), headers={"If-None-Match": "*"})
    assert (answer.status_code, answer.content) == (304, b"")
    assert noted("status", "user_id", "order_id", "shown") == [(304, 7, "a-1", 0)]


def test_each_user_and_each_order_that_a_search_names_has_a_line(reader: Reader, alert: FraudAlert) -> None:
    body = {"user_id": [7, 8, 7], "order_id": ["a-1", "b-1"]}
    assert ask(reader(ANALYST), "POST", "/search/transactions", body).status_code == 200
    assert noted("user_id", "order_id") == [(7, ""), (8, ""), (None, "a-1"), (None, "b-1")]


def test_refunds_are_of_the_orders_user(reader: Reader, alert: FraudAlert) -> None:
    ask(reader(SHOP), "POST", "/transactions/a-2/refunds", {"amount": "1.00"})
    reader(ANALYST).get("/transactions/a-2/refunds")
    assert noted("user_id", "order_id", "shown") == [(7, "a-2", 1)]


def test_a_long_list_is_noted_before_its_first_row_is_sent(
    reader: Reader, alert: FraudAlert, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Cursor, "max_page_size", 1)
    answer: Any = reader(ANALYST).get("/transactions", headers={"Accept": "text/csv"})
    assert noted("format", "shown") == [("csv", None)]
    first = next(iter(answer.streaming_content))
    answer.close()  # the client has gone
    assert first.count(b"\r\n") == 2
    assert len(noted()) == 1


def test_a_screen_that_asks_again_and_again_is_noted_once_in_a_while(reader: Reader, alert: FraudAlert) -> None:
    one, other = reader(OPERATOR), reader(ANALYST)
    for client in (one, one, other, one):
        assert client.get("/live/state?since=1").status_code == 200
    assert noted("role") == [("operator",), ("analyst",)]
    forgotten = AuditLine.objects.count()
    forget_who_watches()
    one.get("/live/state")
    assert AuditLine.objects.count() == forgotten + 1


@pytest.fixture
def log_is_full() -> Iterator[None]:
    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if 'INTO "audit_log"' in sql:
            raise OperationalError(1114, "The table 'audit_log' is full")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        yield


@pytest.mark.parametrize(
    ("role", "path"), [(ANALYST, "/transactions/a-1"), (ANALYST, "/transactions?format=csv"), (OPERATOR, "/live/state")]
)
@pytest.mark.usefixtures("alert", "log_is_full")
def test_what_cannot_be_noted_is_not_answered(
    reader: Reader, role: Role, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Cursor, "max_page_size", 1)
    client = reader(role)
    for _ in range(2):  # nor is it taken to be noted the next time
        answer = client.get(path, headers={"X-Request-Id": "one"})  # which a problem tells
        assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
        assert answer["Retry-After"]
        assert b"a-1" not in answer.content
    assert not exports.ONE_AT_A_TIME.locked()


def test_a_page_that_cannot_be_noted_is_not_shown(desk: Reader, alert: FraudAlert, log_is_full: None) -> None:
    client = desk(INVESTIGATOR)
    client.raise_request_exception = False
    answer = client.get("/admin/fraud/fraudalert/", headers={"X-Request-Id": "one"})
    assert (answer.status_code, answer["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert b"a-1" not in answer.content


def test_an_own_list_is_answered_though_the_log_is_full(reader: Reader, alert: FraudAlert, log_is_full: None) -> None:
    assert reader(Role.CUSTOMER).get("/transactions").status_code == 200


PAGES: list[tuple[Role | None, str, tuple[Any, ...]]] = [
    (INVESTIGATOR, "fraud/fraudalert/", ("fraud_fraudalert_changelist", *ANYBODY, 1)),
    (INVESTIGATOR, "fraud/fraudalert/?q=7", ("fraud_fraudalert_changelist", 7, "", "", '{"q":"…"}', 1)),
    (INVESTIGATOR, "fraud/fraudalert/?progress=ALL&q=a-1",
     ("fraud_fraudalert_changelist", None, "a-1", "", '{"progress":"ALL","q":"…"}', 1)),
    (INVESTIGATOR, "fraud/fraudalert/ALERT/change/", ("fraud_fraudalert_change", 7, "a-1", "ALERT", "", 1)),
    (INVESTIGATOR, "fraud/fraudalert/ALERT/history/", ("fraud_fraudalert_history", 7, "a-1", "ALERT", "", 1)),
    (None, "transactions/transaction/", ("transactions_transaction_changelist", *ANYBODY, 3)),
    (None, "transactions/transaction/?q=ada@shop.example",
     ("transactions_transaction_changelist", None, "", "", '{"q":"…"}', 0)),
    (None, "auth/user/", ("auth_user_changelist", *ANYBODY, 1)),
    (None, "notifications/refusedaddress/", ("notifications_refusedaddress_changelist", *ANYBODY, 0)),
    (OPERATOR, "audit/auditline/", ("audit_auditline_changelist", *ANYBODY, 0)),
]  # fmt: skip


@pytest.mark.parametrize(("role", "path", "expected"), PAGES)
def test_pages_leave_lines(
    desk: Reader, alert: FraudAlert, role: Role | None, path: str, expected: tuple[Any, ...]
) -> None:
    client = desk(role)
    User.objects.filter(groups__name=OPERATOR).update(is_staff=True)
    assert client.get("/admin/" + path.replace("ALERT", str(alert.pk))).status_code == 200
    route, *others = (str(alert.pk) if each == "ALERT" else each for each in expected)
    assert noted() == [(f"admin:{route}", "GET", "html", 200, *others)]


@pytest.mark.parametrize(
    "path", ["", "auth/group/", "django_celery_beat/periodictask/", "auth/user/add/", "search/?s=x", "password_change/"]
)
def test_pages_without_anybodys_data_leave_none(desk: Reader, path: str) -> None:
    assert desk(None).get(f"/admin/{path}").status_code == 200
    assert noted() == []


def test_whoever_djangos_own_rights_let_in_leaves_lines_too(alert: FraudAlert) -> None:
    auditor = User.objects.create_user("auditor", is_staff=True)
    auditor.user_permissions.add(Permission.objects.get(codename="view_transaction"))
    client = Client()
    client.force_login(auditor)
    assert client.get("/admin/transactions/transaction/").status_code == 200
    assert noted("account_id", "role", "shown") == [(auditor.pk, "", 3)]


def test_a_move_at_the_desk_redirects_and_only_the_page_after_it_is_a_read(desk: Reader, alert: FraudAlert) -> None:
    client, page = desk(INVESTIGATOR), f"/admin/fraud/fraudalert/{alert.pk}/change/"
    assert client.post(page, {"seen": alert.version, "note": "", "move": "take"}).status_code in (200, 302)
    before = AuditLine.objects.count()
    client.get(page)
    assert AuditLine.objects.count() == before + 1


def test_asking_twice_is_two_reads(reader: Reader, alert: FraudAlert) -> None:
    client = reader(ANALYST)
    ids = [client.get("/transactions/a-1")["X-Request-Id"] for _ in range(2)]
    assert noted("request_id") == [(each,) for each in ids]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("refund_of=" + 5000 * "x", 200),
        ("refund_of=ada@shop.example", 200),
        ("refund_of=%F0%9F%98%80", 200),
        ("refund_of=%00", 400),
        ("from=2026-01-01T00:00:00%2B01:00&to=2027-01-01T00:00:00Z&amount_min=1.00&kind=ORDER", 200),
    ],
)
def test_strange_filters_are_noted_without_what_was_typed(
    reader: Reader, alert: FraudAlert, query: str, status: int
) -> None:
    assert reader(ANALYST).get(f"/transactions?{query}").status_code == status
    lines = noted("order_id", "asked")
    assert len(lines) == (status == 200)
    assert all(not {"@", "x" * 65, "😀"} & set(line) and "ada" not in "".join(line) for line in lines)
