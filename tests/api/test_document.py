"""The API answers as its document at /schema says: every path × method × role × content type.

Schemathesis makes requests from the document, well-formed ones and others. Each is sent by a superuser, who gets
furthest; an operation's first one also by an account of each role and by nobody, and the others by one of these in
turn. The same requests are made at every run.
"""

import logging
import re
import traceback
from collections.abc import Iterator
from itertools import chain, cycle
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
import schemathesis
from django.contrib.auth.models import User
from django.core.signals import got_request_exception
from django.core.wsgi import get_wsgi_application
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import spectacular_settings
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks

from accounts.authentication import make_token
from accounts.demo import Login, make_demo_accounts
from accounts.roles import Role
from api.idempotency import HEADER
from api.problems import ProblemType
from api.schema import A_KEY
from fraud.models import FraudAlert
from notifications.models import Notification
from tests.accounts.test_tokens import basic
from transactions.models import Transaction

MANY = settings(
    max_examples=3,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
CHECKS = [
    not_a_server_error,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
    checks.negative_data_rejection,
    checks.unsupported_method,
    checks.allow_header_conformance,
]
UNSAYABLE = {"cursor", "from", "amount_min", "amount_max", "assignee", "#", "If-Match", "If-None-Match"} | {
    # Which cursors there are, what two values make together, how fine a number is, that whole ones have no point, that
    # blanks are no text, that a list has an entry, which moments are to come, and who is an investigator.
    # (Schemathesis has its own idea of tags.)
    f"#/{pointer}"
    for pointer in (
        "cursor", "amount", "amount/gte", "amount/lte", "timestamp", "facets", "user_id", "size", "assignee", "version",
        "alerts", "limit", "amount_min", "amount_max", "from", "to", "expires_at",
    )
}  # fmt: skip
"""Where a value may be refused although the document allows it, since no document could say why."""
REVOKE_OR_KNOW_NO_ROLES = ("/auth/", "/notifications/alertmanager", "/notifications/heartbeat")
FORM = "application/x-www-form-urlencoded"
PASSWORD = "correct horse battery"
ALERTMANAGER = "shown-by-nobody-but-these-tests"


def api() -> Any:
    with patch.object(spectacular_settings, "PARSER_WHITELIST", None):  # forms are taken, too, though nobody is told
        document = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    config = SchemathesisConfig.from_dict({"generation": {"with-security-parameters": False, "allow-x00": False}})
    schema = schemathesis.openapi.from_dict(document, config=config)
    schema.app = get_wsgi_application()
    return schema


API = api()


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Thousands of refused requests are nobody's news, and to write them costs as much as to make them."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(autouse=True)
def causes() -> Iterator[None]:
    """Shows what an answer of 500 does not say: its traceback, beside the test that fails by it."""

    def show(**_: Any) -> None:
        traceback.print_exc()

    got_request_exception.connect(show)
    yield
    got_request_exception.disconnect(show)


@pytest.fixture
def logins(db: None, settings: Any) -> dict[str, Login]:
    """Of each role's account and the superuser's, by name. Made once: made again, they would lose their tokens."""
    settings.ALERTMANAGER_TOKEN = ALERTMANAGER
    return {login.name: login for login in make_demo_accounts(customer_user_id=7, password=PASSWORD)}


@pytest.fixture
def turns(logins: dict[str, Login]) -> Iterator[list[Login | None]]:
    """Who besides the superuser sends a request: at first each role's account and nobody, then one of these in turn."""
    others = [*(login for name, login in logins.items() if name in list(Role)), None]
    assert len(others) == len(Role) + 1
    return chain([others], ([login] for login in cycle(others)))


@pytest.fixture
def admin(logins: dict[str, Login]) -> Login:
    return logins["admin"]


@pytest.fixture
def rows(admin: Login) -> dict[str, Any]:
    """Parts of addresses at which there is something."""
    at = timezone.now()
    order = {"order_id": "A-1", "user_id": 7, "amount": "20000000.00", "timestamp": at}
    Transaction.objects.create(**order, status="PENDING", kind="ORDER")
    FraudAlert.objects.create(pk=1, **order, rule="amount-above-limit", raised_at=at)
    mine = f"account:{User.objects.get(username=admin.name).pk}"
    Notification.objects.create(pk=1, recipient=mine, kind="ORDER_PAID", order_id="A-1", text="Paid.")
    # A token that may be ended: none of those by which these requests are made.
    spare, _ = make_token(User.objects.get(username=admin.name), name="spare")
    return {"order_id": "A-1", "user_id": 7, "id": 1, "token_id": spare.details.pk}


def headers(case: Any, login: Login | None) -> dict[str, str]:
    ways = {way for each in case.operation.definition.raw.get("security", []) for way in each}
    if login is None:
        return {}
    if "alertmanager" in ways:
        return {"Authorization": f"Bearer {ALERTMANAGER if login.name == 'admin' else login.token}"}
    return basic(login.name, PASSWORD) if "password" in ways else {"Authorization": f"Bearer {login.token}"}


def refusals(problem: Any) -> set[str]:
    return {error.get("parameter") or error.get("pointer") or error["header"] for error in problem.get("errors", [])}


def is_allowed(case: Any) -> bool:
    """Whether the document allows this request; a form cannot say all that JSON can."""
    return case.meta.generation.mode is GenerationMode.POSITIVE and case.media_type != FORM


def check(case: Any, response: Any) -> None:
    """Raises AssertionError or a failure of schemathesis for an answer that the document does not tell of."""
    documented = {int(status) for status in case.operation.definition.raw["responses"] if status != "default"}
    is_told = case.method.lower() == case.operation.method
    if is_told and response.status_code not in documented:
        raise AssertionError(f"{response.status_code} is not among {documented}: {response.text}")
    is_report = case.path.startswith("/health") and response.status_code == 503  # of what is down, by its document
    if response.status_code >= 400 and case.method != "HEAD" and not is_report:
        assert response.headers["content-type"] == ["application/problem+json"], response.headers
        problem = response.json()
        assert problem["status"] == response.status_code
        assert problem["type"] in {type_.uri for type_ in ProblemType}
        if response.status_code == 400 and is_told and is_allowed(case):
            assert refusals(problem), problem
            assert refusals(problem) <= UNSAYABLE, problem
    wanted = [each for each in CHECKS if each is not not_a_server_error or response.status_code not in documented]
    if case.media_type == FORM:  # what a form leaves empty is left out
        wanted.remove(checks.negative_data_rejection)
    case.validate_response(response, checks=wanted)


@API.parametrize()
@MANY
def test_every_answer_is_documented(
    case: Any, turns: Iterator[list[Login | None]], admin: Login, rows: dict[str, Any]
) -> None:
    if case.meta and case.meta.generation.mode is GenerationMode.POSITIVE:
        case.path_parameters.update({name: rows[name] for name in case.path_parameters})
    if re.fullmatch(A_KEY["pattern"], case.headers.get(HEADER) or ""):
        case.headers[HEADER] = str(uuid4())  # a used one is answered as before, whatever else is sent
    for login in (admin, *next(turns)):
        response = case.call(headers=headers(case, login))
        check(case, response)
        if login and not case.path.startswith(REVOKE_OR_KNOW_NO_ROLES):
            assert response.status_code != 401, f"{login.name} was not let in: {response.text}"
