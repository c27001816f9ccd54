"""What reconcile finds and mends on the real cluster, under its own Kafka account."""

from itertools import chain

import pytest

from reconciliation.comparing import Comparison
from tests.cluster.expected import Expected
from tests.cluster.running import RunningCluster
from tests.cluster.stages import agree, moment

pytestmark = pytest.mark.cluster
# Earlier tests delete rows, which `rows` would tell of until their events leave the topic.
COMPARED = [each for each in Comparison if each is not Comparison.ROWS]
ONLY = [*chain.from_iterable(("--only", each) for each in COMPARED)]


def reconcile(cluster: RunningCluster, *options: str) -> str:
    return cluster.manage("reconciler", "reconcile", "--settle", "5", *ONLY, *options)


def test_stages_agree_and_damage_to_each_is_named_and_mended(cluster: RunningCluster, expected: Expected) -> None:
    if not expected.alerts:
        # Alone, without the tests that trade: one order that is suspicious.
        status, order = cluster.call("shop", "POST", "/transactions", {"user_id": 5, "amount": "20000000.00"})
        assert status == 201
        expected.transaction(order["order_id"], 5, order["amount"], order["status"], moment(order["timestamp"]))
    agree(cluster, expected)
    assert "All agree." in reconcile(cluster)
    order_id = min(order_id for order_id, _ in expected.alerts if order_id in expected.kept)
    cluster.sql("UPDATE analytics_hourlytotal SET total_cents = total_cents + 1 ORDER BY id LIMIT 1")
    cluster.sql(
        f"DELETE entry FROM fraud_alertentry entry JOIN fraud_fraudalert alert ON alert.id = entry.alert_id"
        f" WHERE alert.order_id = '{order_id}'"
    )
    cluster.sql(f"DELETE FROM fraud_fraudalert WHERE order_id = '{order_id}'")
    cluster.elasticsearch(f"/transactions/_doc/{order_id}?refresh=true", method="DELETE")
    with pytest.raises(AssertionError, match="3 mismatches"):
        reconcile(cluster)
    assert "All agree." in reconcile(cluster, "--repair")
    agree(cluster, expected)
