"""Celery on the real cluster: killed, it goes on, and who waits for an e-mail gets it."""

import pytest

from native.driving.embedded import wait_until
from native.driving.running import RunningCluster

pytestmark = pytest.mark.cluster
ADDRESS = "customer@example.org"


def mails(cluster: RunningCluster, order_id: str) -> int:
    """How many e-mails to the customer name an order; the cluster's are files."""
    sent = [file.read_text() for file in (cluster.layout.var / "mail").glob("*")]
    messages = [message for text in sent for message in text.split("Content-Type:")]
    return sum(f"To: {ADDRESS}" in message and order_id in message for message in messages)


def test_tasks_go_on_after_workers_and_beat_were_killed(cluster: RunningCluster) -> None:
    cluster.sql(f"UPDATE auth_user SET email = '{ADDRESS}' WHERE username = 'customer'")
    ((user,),) = cluster.sql(
        "SELECT user_id FROM api_customer JOIN auth_user ON auth_user.id = account_id WHERE username = 'customer'"
    )
    for process in ("celery-worker", "mailer", "celery-beat"):
        cluster.kill(process)
    body = {"user_id": int(user), "amount": "12.34", "status": "SUCCESS"}
    status, order = cluster.call("shop", "POST", "/transactions", body)
    assert status == 201
    wait_until(lambda: mails(cluster, order["order_id"]) == 1, "the customer has the e-mail", timeout=60)
