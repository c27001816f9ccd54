"""Traces as an operator gets them: real processes, a real broker, and a collector that speaks OTLP."""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from native.driving.embedded import ROOT, Platform, wait_until
from tests.collector import collector
from tests.served import gunicorn

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"
HUGE = {"order_id": "T-1", "user_id": 7, "amount": "10000000.01"}


def post(address: str, token: str, body: dict[str, Any], **headers: str) -> None:
    headers |= {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"{address}/transactions", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.status == 201


@pytest.fixture
def token(platform_processes: Platform, tmp_path: Path) -> str:
    file = tmp_path / "accounts.json"
    platform_processes.run("make_demo_accounts", "--write", str(file))
    return str(json.loads(file.read_text())["shop"]["token"])


def test_one_trace_tells_all_from_the_call_to_the_alert_and_its_notification(
    platform_processes: Platform, token: str
) -> None:
    with collector() as (url, spans):
        platform_processes.environment |= {"TRACES": f"otlp:{url}", "OTEL_BSP_SCHEDULE_DELAY": "100"}
        for worker in ("run_relay", "run_recorder", "run_consumer", "run_aggregator", "run_notifier"):
            platform_processes.start(worker)
        with gunicorn(platform_processes.environment, platform_processes.log("api")) as server:
            post(server.url, token, HUGE, traceparent=f"00-{TRACE}-{CALLER}-01")
            post(server.url, token, HUGE | {"order_id": "T-2", "amount": "5"})
            expected = {
                ("api", "POST transactions"),
                ("api", "create transactions"),
                ("recorder", "process transactions"),
                ("fraud", "process transactions"),
                ("fraud", "create fraud.alerts"),
                ("aggregator", "process transactions"),
                ("notifier", "process transactions"),
                ("notifier", "process fraud.alerts"),
            }
            wait_until(lambda: spans.names(TRACE) >= expected, "all spans are there", 120, lambda: spans.names(TRACE))
    assert spans.names(TRACE) == expected
    call = spans.one("api", "POST transactions", TRACE)
    made = spans.one("api", "create transactions", TRACE)
    watched = spans.one("fraud", "process transactions", TRACE)
    alert = spans.one("fraud", "create fraud.alerts", TRACE)
    told = spans.one("notifier", "process fraud.alerts", TRACE)
    assert call.parent_span_id.hex() == CALLER
    assert [span.parent_span_id for span in (made, watched, alert, told)] == [
        call.span_id, made.span_id, watched.span_id, alert.span_id,
    ]  # fmt: skip
    assert {each.key: each.value.string_value for each in alert.attributes}["order_id"] == "T-1"
    # The span of the batch stands by itself, and is linked with those of its messages both ways.
    (link,) = watched.links
    (batch,) = (span for _, span in spans.received if span.span_id == link.span_id)
    assert made.span_id in {each.span_id for each in batch.links}
    assert not batch.parent_span_id
    # The other order has a trace of its own.
    others = {span.trace_id.hex() for _, span in spans.received if span.name == "create transactions"}
    assert len(others) == 2


IMPORTED = """
import sys, runpy
import django
django.setup()
from config import wsgi
from streaming.consuming import worker_command
from streaming.producing import outbox, relay
assert not [name for name in sys.modules if name.startswith("opentelemetry.sdk")], "OpenTelemetry is imported"
assert not [name for name in sys.modules if name.startswith("opentelemetry")], "its interface is imported"
"""


def test_nothing_of_it_is_imported_while_traces_are_off() -> None:
    environment = os.environ | {"TRACES": "off", "PYTHONPATH": "platform", "DJANGO_SETTINGS_MODULE": "config.settings"}
    environment["SECRET_KEY"] = "of a test"
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("value", ["on", "otlp", "otlp:127.0.0.1:4318", "off:", ""])
def test_a_place_that_is_none_stops_the_start(value: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT, env=os.environ | {"TRACES": value, "SECRET_KEY": "of a test"}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert "is not `off`, `console`, or `otlp:` and a collector's URL" in done.stderr
