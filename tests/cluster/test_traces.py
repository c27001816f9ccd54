"""Debezium carries a trace from the table to the topic."""

import json
import os
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from native.driving.embedded import wait_until
from native.driving.expected import Expected
from native.driving.running import RunningCluster
from native.driving.stages import moment
from native.with_env import variables
from tests.collector import collector
from tests.served import gunicorn

pytestmark = pytest.mark.cluster
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def header_of(cluster: RunningCluster, user_id: int) -> Any:
    """The traceparent of the user's last record."""
    found = [message for message in cluster.read_topic("transactions") if message.key() == str(user_id).encode()]
    return dict(found[-1].headers() or ()).get("traceparent") if found else None


def test_an_orders_trace_stands_in_the_header_of_its_record(
    cluster: RunningCluster, expected: Expected, tmp_path: Path
) -> None:
    user_id = 987_654
    with collector() as (url, spans):
        environment = os.environ | variables([cluster.layout.secrets / "platform.env"])
        environment |= {"TRACES": f"otlp:{url}", "OTEL_BSP_SCHEDULE_DELAY": "100"}
        with gunicorn(environment, tmp_path / "api.log") as server:
            request = urllib.request.Request(
                f"{server.url}/transactions",
                json.dumps({"user_id": user_id, "amount": "1.00"}).encode(),
                {
                    "Authorization": f"Bearer {cluster.logins['shop']['token']}",
                    "Content-Type": "application/json",
                    "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01",
                },
            )
            with urllib.request.urlopen(request, timeout=30) as answer:
                order = json.load(answer)
            expected.transaction(
                order["order_id"], user_id, order["amount"], order["status"], moment(order["timestamp"])
            )
            wait_until(lambda: ("api", "create transactions") in spans.names(TRACE), "the span is told", 30)
    wait_until(lambda: header_of(cluster, user_id), "the record has come", 60)
    made = spans.one("api", "create transactions", TRACE)
    assert header_of(cluster, user_id).decode().split("-")[1:3] == [TRACE, made.span_id.hex()]
