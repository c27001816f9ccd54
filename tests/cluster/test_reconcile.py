"""What reconcile finds and mends on the real cluster, under its own Kafka account."""

from itertools import chain

import pytest

from native.driving.embedded import wait_until
from native.driving.running import RunningCluster
from reconciliation.comparison import Comparison

pytestmark = pytest.mark.cluster
# Earlier tests delete rows, which `rows` would tell of until their events leave the topic.
COMPARED = [each for each in Comparison if each is not Comparison.ROWS]
ONLY = [*chain.from_iterable(("--only", each) for each in COMPARED)]

ALL_STAGES = {"alert", "document"}


def reconcile(cluster: RunningCluster, *options: str) -> str:
    return cluster.manage("reconciler", "reconcile", "--settle", "5", *ONLY, *options)


def test_stages_agree_and_damage_to_each_is_named_and_mended(cluster: RunningCluster) -> None:
    status, order = cluster.call("shop", "POST", "/transactions", {"user_id": 5, "amount": "20000000.00"})
    assert status == 201
    order_id = order["order_id"]
    wait_until(lambda: stages_of(cluster, order_id) == ALL_STAGES, "the order is in every stage", timeout=60)
    assert "All agree." in reconcile(cluster)
    cluster.sql(
        "UPDATE analytics_hourlytotal SET total_cents = total_cents + 1 WHERE user_id = 5 ORDER BY hour DESC LIMIT 1;"
        "DELETE entry FROM fraud_alertentry entry JOIN fraud_fraudalert alert ON alert.id = entry.alert_id"
        f" WHERE alert.order_id = '{order_id}';"
        f"DELETE FROM fraud_fraudalert WHERE order_id = '{order_id}'"
    )
    cluster.elasticsearch(f"/transactions/_doc/{order_id}?refresh=true", method="DELETE")
    with pytest.raises(AssertionError, match="4 mismatches"):
        reconcile(cluster)
    assert "All agree." in reconcile(cluster, "--repair")
    wait_until(lambda: stages_of(cluster, order_id) == ALL_STAGES, "the order is in every stage again", timeout=60)


def stages_of(cluster: RunningCluster, order_id: str) -> set[str]:
    """The stages that show an order."""
    alerts = cluster.sql(f"SELECT 1 FROM fraud_fraudalert WHERE order_id = '{order_id}'")
    documents = cluster.elasticsearch("/transactions/_count", {"query": {"term": {"order_id": order_id}}})["count"]
    return {stage for stage, found in (("alert", alerts), ("document", documents)) if found}
