"""Filling tables and asking everything of them, at a few hundred rows."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command

from accounts.demo import make_demo_accounts
from analytics.models import HourlyTotal, ShopHour
from bench.filling.__main__ import of_the_shop
from bench.filling.insertion import fill
from bench.filling.tables import DERIVED, TABLES, Volume
from bench.growth import plans
from bench.growth.asking import Question, in_words
from bench.growth.questions import all_questions
from bench.growth.sizes import volumes
from bench.growth.timing import timed
from fraud.models import AlertCount, FraudAlert
from native.driving.embedded import ROOT
from streaming.clients import codec
from streaming.models import OutboxMessage
from streaming.topics import Topic
from transactions.models import Transaction

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = 500


@pytest.fixture
def tokens() -> dict[str, str]:
    """Of the demo accounts of a shop with a few hundred rows in each table."""
    logins = make_demo_accounts(customer_user_id=1)
    counts: dict[str, Any] = {name.replace("-", "_"): count for name, count in volumes(ROWS).items()}
    fill(Volume(now=datetime.now(UTC), **counts, **of_the_shop()))
    return {login.name: login.token for login in logins}


@pytest.fixture
def collected(settings: Any, tmp_path: Any) -> None:
    settings.STATIC_ROOT = tmp_path
    call_command("collectstatic", "--no-input", verbosity=0)


def test_every_table_is_filled_and_what_is_kept_of_them_agrees(tokens: dict[str, str]) -> None:
    for table in TABLES:
        assert apps.get_model(table.model).objects.exists(), table.name
    assert Transaction.objects.count() == HourlyTotal.objects.count() == ROWS
    assert sum(ShopHour.objects.values_list("transaction_count", flat=True)) == sum(
        HourlyTotal.objects.values_list("transaction_count", flat=True)
    )
    counted = {row.status: row.alerts for row in AlertCount.objects.all()}
    assert counted == Counter(FraudAlert.objects.values_list("status", flat=True))
    message = OutboxMessage.objects.latest("pk")
    assert codec().decode(Topic.TRANSACTIONS, bytes(message.payload)) is not None


@pytest.mark.usefixtures("collected")
def test_everything_that_is_asked_is_answered(tokens: dict[str, str]) -> None:
    questions = all_questions(tokens)
    for question in questions:
        question.ask()
    names = {question.name for question in questions}
    assert len(names) == len(questions) > 50


def test_what_takes_long_is_told_with_its_query_and_plan(tokens: dict[str, str], monkeypatch: Any) -> None:
    monkeypatch.setattr(plans, "SLOW_MS", 0)
    took = timed(Question("count", 100, Transaction.objects.count), plans=True)
    assert (took.name, took.queries, took.error) == ("count", 1, "")
    [query] = took.slow
    assert "COUNT(*)" in query["sql"]
    assert query["plan"]


def test_what_fails_is_told_and_ends_nothing(tokens: dict[str, str]) -> None:
    took = timed(Question("fails", 100, lambda: Transaction.objects.get(pk=-1)), plans=False)
    assert took.error.startswith("DoesNotExist: ")


def test_what_migrations_add_up_is_added_up_of_filled_tables() -> None:
    files = [*ROOT.glob("*/migrations/*.py"), *ROOT.glob("platform/*/migrations/*.py")]
    adding = [file for file in files if "def add_up(" in file.read_text()]
    modules = {".".join(file.relative_to(ROOT).with_suffix("").parts).removeprefix("platform.") for file in adding}
    assert modules == set(DERIVED)


def test_a_page_of_html_is_told_in_a_line() -> None:
    page = "\n\n<!DOCTYPE html>\n<html><head>\n <title> Too much | Shop</title></head>" + "<p>x</p>" * 100
    assert in_words(page).startswith("Too much | Shop x x x")
    assert len(in_words(page)) <= 80
