"""Traces as an operator gets them: real processes, a real broker, and a collector that speaks OTLP."""

import gzip
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.embedded import ROOT, Platform, free_ports, wait_until
from tests.scraping import scrape

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"
HUGE = {"order_id": "T-1", "user_id": 7, "amount": "10000000.01"}


@dataclass
class Spans:
    """The spans that a collector was sent, as (service, name, span, group)."""

    received: list[tuple[str, Any]] = field(default_factory=list)

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            attributes = {each.key: each.value.string_value for each in resource.resource.attributes}
            for scope in resource.scope_spans:
                self.received += [(attributes["service.name"], span) for span in scope.spans]

    def names(self, trace: str) -> set[tuple[str, str]]:
        return {(service, span.name) for service, span in self.received if span.trace_id.hex() == trace}

    def one(self, service: str, name: str, trace: str) -> Any:
        (found,) = (
            span for who, span in self.received if (who, span.name, span.trace_id.hex()) == (service, name, trace)
        )
        return found


@contextmanager
def collector() -> Iterator[tuple[str, Spans]]:
    spans = Spans()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.path == "/v1/traces"
            spans.take(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing: requests are no news."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", spans
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def api(platform: Platform) -> Iterator[str]:
    """The API as gunicorn serves it, on the platform's database."""
    [port] = free_ports(1)
    command = [sys.executable, "-m", "gunicorn", "-c", "platform/config/gunicorn.py", "--bind", f"127.0.0.1:{port}"]
    with platform.log("api").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=platform.environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: process.poll() is not None or scrape(port).text, "the API answers", timeout=40)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def post(address: str, token: str, body: dict[str, Any], **headers: str) -> None:
    headers |= {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"{address}/transactions", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 201


@pytest.fixture
def token(platform_processes: Platform, tmp_path: Path) -> str:
    file = tmp_path / "accounts.json"
    platform_processes.run("make_demo_accounts", "--write", str(file))
    return str(json.loads(file.read_text())["shop"]["token"])


@pytest.mark.broker
def test_one_trace_tells_all_from_the_call_to_the_alert_and_its_notification(
    platform_processes: Platform, token: str
) -> None:
    with collector() as (url, spans):
        platform_processes.environment |= {"TRACES": f"otlp:{url}", "OTEL_BSP_SCHEDULE_DELAY": "100"}
        for worker in ("run_relay", "run_recorder", "run_consumer", "run_aggregator", "run_notifier"):
            platform_processes.start(worker)
        with api(platform_processes) as address:
            post(address, token, HUGE, traceparent=f"00-{TRACE}-{CALLER}-01")
            post(address, token, HUGE | {"order_id": "T-2", "amount": "5"})
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
            wait_until(lambda: spans.names(TRACE) >= expected, "all spans are there", 40, lambda: spans.names(TRACE))
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
from streaming import commands, outbox, relay
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
