"""What SQLite's plans say nothing of: how MySQL goes about large tables."""

import json

from tests.growth.contract import BoundedWork, large_tables, without
from tests.growth.questions import LATER

__all__ = ["large_tables", "without"]


class TestOnMySQL(BoundedWork):
    # A stretch of an index with descending columns it does not read backwards; a cluster's searches ask Elasticsearch.
    unserved = frozenset(
        f"search {json.dumps(body)}"
        for body in (
            {"sort": "timestamp"},
            {"sort": "amount"},
            {"timestamp": LATER, "sort": "timestamp"},
        )
    )
    has_other_ways = frozenset(
        {
            "fraud_queue_by_amount",
            "fraud_alerts_of_an_assignee",
            "notifications_of_somebody",
            "notifications_of_a_kind",
        }
    )
