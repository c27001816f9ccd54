import pytest
from django.db import connection

from tests.databases import reads_plans
from tests.growth.contract import BoundedWork, large_tables
from tests.growth.questions import QUESTIONS
from tests.growth.work import listening, too_much

__all__ = ["large_tables"]

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
}
"""index → a question that needs it"""


@reads_plans
class TestOnSQLite(BoundedWork):
    @pytest.mark.parametrize("index", SERVES)
    def test_an_index_that_is_gone_is_missed(self, index: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP INDEX {index}")
        with listening() as statements:
            QUESTIONS[SERVES[index]]()
        assert too_much(statements)
