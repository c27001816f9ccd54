"""A real Alertmanager, with the configuration of the cluster: what it sends is given to our addresses as it came."""

import json
import queue
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.roles import Role
from native.driving.embedded import ROOT, free_ports, wait_until
from notifications.models import Heartbeat, Notification
from tests.conftest import AccountOf

CONFIGURATION = (ROOT / "compose" / "alertmanager" / "alertmanager.yml").read_text()
OFFLINE = {"alertname": "OfflinePartitions", "severity": "critical"}
UNDER_REPLICATED = {"alertname": "UnderReplicatedPartitions", "severity": "warning"}
WATCHDOG = {"alertname": "Watchdog", "severity": "none"}


Delivery = tuple[str, str, bytes]
"""Address, Authorization, body."""


@pytest.fixture
def deliveries() -> Iterator[tuple[str, "queue.Queue[Delivery]"]]:
    """Where to deliver, and what was."""
    received: queue.Queue[Delivery] = queue.Queue()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.put((self.path, self.headers["Authorization"], body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", received
    server.shutdown()
    server.server_close()


@pytest.fixture
def alertmanager(deliveries: tuple[str, Any], tmp_path: Path) -> Iterator[str]:
    """Its address; it waits for nothing before it delivers."""
    program = shutil.which("prometheus-alertmanager")
    assert program, "prometheus-alertmanager is not installed: apt-get install prometheus-alertmanager"
    told = CONFIGURATION.replace("http://api:8000", deliveries[0])
    for waits in ("group_wait: 10s", "group_interval: 30s", "repeat_interval: 30s"):
        assert waits in told
        told = told.replace(waits, f"{waits.partition(':')[0]}: 1s")
    (tmp_path / "alertmanager.yml").write_text(told)
    (tmp_path / "token").write_text("its-token\n")
    (port,) = free_ports(1)
    command = [f"--config.file={tmp_path}/alertmanager.yml", f"--storage.path={tmp_path}/data"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=", "--log.level=warn"]
    with (tmp_path / "alertmanager.log").open("w") as log:
        process = subprocess.Popen([program, *command], cwd=tmp_path, stdout=log, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: answers(address), "Alertmanager answers", 20, (tmp_path / "alertmanager.log").read_text)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/-/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError):
        return False


def fire(address: str, *alerts: dict[str, str], over: bool = False) -> None:
    """Tell Alertmanager of alerts as Prometheus does: that they fire as of now, or are over as of now."""
    now = {"endsAt" if over else "startsAt": datetime.now(UTC).isoformat()}
    body = [{"labels": labels, "annotations": {"summary": labels["alertname"]}, **now} for labels in alerts]
    request = urllib.request.Request(
        f"{address}/api/v2/alerts", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=5):
        pass


def told() -> list[str]:
    return list(Notification.objects.order_by("pk").values_list("text", flat=True))


def test_it_tells_operators_of_causes_only_and_proves_that_alerts_arrive(
    alertmanager: str, deliveries: tuple[str, "queue.Queue[Delivery]"], account: AccountOf, settings: Any
) -> None:
    settings.ALERTMANAGER_TOKEN = "its-token"
    account(Role.OPERATOR)

    def deliver_until(condition: Callable[[], object]) -> None:
        """Hand over what comes until it has had its effect; nothing for 20 seconds is a failure."""
        while not condition():
            path, authorization, body = deliveries[1].get(timeout=20)
            answer = APIClient().post(
                path, body, content_type="application/json", headers={"Authorization": authorization}
            )
            assert answer.status_code == 204, answer.content

    fire(alertmanager, WATCHDOG, OFFLINE, UNDER_REPLICATED)
    deliver_until(lambda: told() and Heartbeat.objects.exists())
    assert told() == ["Critical: OfflinePartitions."]
    fire(alertmanager, OFFLINE, over=True)
    deliver_until(lambda: len(told()) == 3)
    assert sorted(told()[1:]) == ["Over: OfflinePartitions.", "Warning: UnderReplicatedPartitions."]
