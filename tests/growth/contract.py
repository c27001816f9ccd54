"""Whatever is asked reads what it shows, and hardly more. A test class inherits it and says on which database."""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest
from django.apps import apps
from django.db import connection

from tests.growth import tables
from tests.growth.questions import QUESTIONS
from tests.growth.work import listening, too_much


@pytest.fixture(scope="module")
def large_tables(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        tables.fill()
        yield
        tables.empty()


SERVES = {
    "transactions_newest_first": "GET /transactions?",
    "transactions_largest_first": "GET /transactions?amount_min=999",
    "transactions_of_a_user": "GET /transactions?user_id=7",
    "transactions_of_a_status": "GET /transactions?status=REFUNDED",
    "transactions_of_a_kind": "GET /transactions?kind=ORDER",
    "transactions_of_both": "GET /transactions?kind=REFUND&status=FAILED",
    "fraud_queue": "admin fraud/fraudalert?",
    "fraud_queue_by_amount": "admin fraud/fraudalert?o=2",
    "fraud_alerts_of_a_status": "GET /fraud/alerts?status=INVESTIGATING",
    "fraud_alerts_of_a_user": "GET /fraud/alerts?user_id=7",
    "fraud_alerts_of_an_assignee": "GET /fraud/alerts?assignee=nobody",
    "fraud_alerts_of_a_rule": "GET /fraud/alerts?rule=none",
    "fraud_alerts_latest": "GET /fraud/alerts?",
    "fraud_alerts_by_amount": "GET /fraud/alerts?amount_min=10099000",
    "notifications_of_somebody": "GET /notifications?",
    "notifications_of_a_kind": "GET /notifications?kind=ALERT_FIRING",
    "notifications_unread": "GET /notifications?unread=true",
    "notifications_by_age": "task: old notifications",
    "notifications_due": "monitor: e-mails",
    "audit_log_by_reader": "admin audit/auditline?reader=9009",
    "audit_log_by_user": "admin audit/auditline?q=7",
    "audit_log_by_order": "admin audit/auditline?q=nothing",
    "audit_log_by_age": "command: old audit lines",
}
"""index → a question that needs it"""


@pytest.fixture
def without(large_tables: None, django_db_blocker: Any, request: pytest.FixtureRequest) -> Iterator[None]:
    """The database as if it had no index of the test's parameter `index`."""
    index = getattr(request.node, "callspec", None) and request.node.callspec.params.get("index")
    if not index:
        yield
        return
    [model] = [each for each in apps.get_models() if index in {known.name for known in each._meta.indexes}]
    table = connection.ops.quote_name(model._meta.db_table)
    hide, show = HIDING[connection.vendor](table, index)
    with django_db_blocker.unblock():
        _do(hide)
        yield
        _do(show)


def _do(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def _dropped(table: str, index: str) -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sql FROM sqlite_master WHERE name = %s", [index])
        return f"DROP INDEX {index}", cursor.fetchone()[0]


def _invisible(table: str, index: str) -> tuple[str, str]:
    return f"ALTER TABLE {table} ALTER INDEX {index} INVISIBLE", f"ALTER TABLE {table} ALTER INDEX {index} VISIBLE"


HIDING: dict[str, Callable[[str, str], tuple[str, str]]] = {"sqlite": _dropped, "mysql": _invisible}


class BoundedWork:
    @pytest.fixture(autouse=True)
    def counted(self, without: None, db: None, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
        """Counts end sooner than in reality, so that they tell from looking through a whole table."""
        monkeypatch.setattr("search.database.COUNTED_UP_TO", 500)
        settings.OUTBOX_CARRIED_BY = "connect"

    unserved: ClassVar[frozenset[str]] = frozenset()
    """questions that no index of this database serves"""
    has_other_ways: ClassVar[frozenset[str]] = frozenset()
    """indexes without which this database finds its way, at this size of tables"""

    @pytest.mark.parametrize("question", QUESTIONS)
    def test_no_statement_reads_or_sorts_more_than_it_shows(self, question: str) -> None:
        if question in self.unserved:
            pytest.skip("a limit of time holds for it")
        with listening() as statements:
            QUESTIONS[question]()
        if found := too_much(statements):
            pytest.fail("\n".join(found))

    @pytest.mark.parametrize("index", SERVES)
    def test_an_index_that_is_gone_is_missed(self, index: str) -> None:
        if index in self.has_other_ways:
            pytest.skip("another index is as good for so few rows")
        with listening() as statements:
            QUESTIONS[SERVES[index]]()
        assert too_much(statements)

    def test_what_is_asked_without_an_index_is_found_out(self) -> None:
        with listening() as statements, connection.cursor() as cursor:
            cursor.execute(
                "SELECT order_id FROM transactions WHERE entered_as = 'PENDING' ORDER BY recorded_at LIMIT 10"
            )
            cursor.execute("SELECT count(*) FROM transactions WHERE entered_as = 'PENDING'")
        assert len(too_much(statements)) == 2
