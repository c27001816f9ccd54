"""A table that somebody has locked, as backups and changes of tables do."""

from datetime import datetime
from threading import Thread
from typing import Any

import pytest

from native.driving.embedded import wait_until
from native.driving.running import RunningCluster

pytestmark = pytest.mark.cluster
LOCKED_SECONDS = 25


def observed_at(cluster: RunningCluster) -> datetime:
    status, known = cluster.call("operator", "GET", "/monitoring/kafka")
    assert status == 200, known
    return datetime.fromisoformat(known["observed_at"])


def alerts(cluster: RunningCluster) -> tuple[int, Any]:
    return cluster.call("investigator", "GET", "/fraud/alerts")


def test_who_wants_a_locked_table_is_told_to_come_back_and_kafka_stays_watched(cluster: RunningCluster) -> None:
    assert alerts(cluster)[0] == 200
    locking = Thread(
        target=cluster.sql, args=(f"LOCK TABLES fraud_fraudalert WRITE; SELECT SLEEP({LOCKED_SECONDS}); UNLOCK TABLES",)
    )
    locking.start()
    try:
        wait_until(lambda: alerts(cluster)[0] == 503, "the lock is felt")
        before = observed_at(cluster)
        wait_until(lambda: observed_at(cluster) > before, "Kafka was observed meanwhile", timeout=15)
        assert locking.is_alive()
    finally:
        locking.join()
    wait_until(lambda: alerts(cluster)[0] == 200, "alerts are shown again", timeout=5)
