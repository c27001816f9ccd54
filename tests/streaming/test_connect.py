"""deploy_connectors, against a server that answers as Kafka Connect does."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.core.management import CommandError, call_command

from compose.native.certificates import TRUSTSTORE_PASSWORD
from streaming import connect
from streaming.connect import Connector

RUNNING, FAILED = "RUNNING", "FAILED"


class Worker:
    """A Kafka Connect: what it was told, and what it shall answer."""

    def __init__(self) -> None:
        self.configs: dict[str, dict[str, str]] = {}
        self.states: dict[str, list[str]] = {}
        self.state_of_new = [RUNNING, RUNNING]
        """of a connector that is put, and of its tasks"""
        self.busy_answers = 0
        self.refusal: str | None = None
        self.asked: list[str] = []

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:  # noqa: PLR0911 - one for each question
        self.asked.append(f"{method} {path}")
        if self.busy_answers:
            self.busy_answers -= 1
            return 409, {"error_code": 409, "message": "Cannot complete request momentarily due to stale configuration"}
        _, _, *rest = path.split("/")
        match method, rest:
            case "GET", []:
                return 200, list(self.configs)
            case "GET", [name, "config"]:
                return 200, self.configs[name]
            case "PUT", [name, "config"]:
                if self.refusal:
                    return 400, {"error_code": 400, "message": self.refusal}
                self.configs[name] = body | {"name": name}
                self.states[name] = self.state_of_new
                return 201, {}
            case "GET", [name, "status"]:
                return 200, self._status(name)
            case "POST", [name, "restart?includeTasks=true&onlyFailed=true"]:
                self.states[name] = [RUNNING] * len(self.states[name])
                return 202, {}
        return 404, {"message": f"no {path}"}

    def _status(self, name: str) -> dict[str, Any]:
        told = [
            {"state": s} | ({"trace": "Access denied for debezium\n\tat …"} if s == FAILED else {})
            for s in self.states[name]
        ]
        return {"connector": told[0], "tasks": [{"id": n} | task for n, task in enumerate(told[1:])]}

    def changes(self) -> list[str]:
        return [each for each in self.asked if not each.startswith("GET")]


@pytest.fixture
def worker(settings: Any, monkeypatch: Any) -> Iterator[Worker]:
    """A Kafka Connect without connectors; CONNECT_URL points to it, and waiting takes no time."""
    worker = Worker()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            status, body = worker.answer(self.command, self.path, json.loads(self.rfile.read(length) or "null"))
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = answer  # noqa: N815 - the names that BaseHTTPRequestHandler looks for

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    settings.CONNECT_URL = f"http://127.0.0.1:{server.server_port}"
    settings.CA_FILE = None
    monkeypatch.setattr(connect, "LOOK_EVERY_SECONDS", 0.01)
    monkeypatch.setattr(connect, "SETTLED_AFTER_SECONDS", 0.05)
    yield worker
    server.shutdown()
    server.server_close()


def deploy(*arguments: str) -> str:
    out = StringIO()
    call_command("deploy_connectors", *arguments, stdout=out)
    return out.getvalue()


def test_connectors_are_created_and_run(worker: Worker) -> None:
    assert deploy() == "transactions-cdc runs\noutbox runs\n"
    cdc = Connector.read(project.BASE_DIR / "connectors" / "transactions-cdc.json")
    assert worker.configs["transactions-cdc"] == {**cdc.config, "name": "transactions-cdc"}


def test_the_sink_is_deployed_only_where_it_is_the_indexer(worker: Worker, settings: Any) -> None:
    settings.INDEXED_BY = "connect"
    assert "elasticsearch-sink runs" in deploy()


def test_deploying_again_changes_nothing(worker: Worker) -> None:
    deploy()
    worker.asked.clear()
    assert deploy() == "transactions-cdc runs, as before\noutbox runs, as before\n"
    assert worker.changes() == []


def test_a_setting_that_changed_is_brought_about(worker: Worker, tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    for value in ("1", "2"):
        file.write_text(json.dumps({"name": "x", "config": {"tasks.max": value}}))
        assert deploy(str(file)) == "x runs\n"
    assert worker.configs["x"]["tasks.max"] == "2"


def test_a_task_that_fails_is_shown_with_its_trace(worker: Worker) -> None:
    worker.state_of_new = [RUNNING, FAILED]
    with pytest.raises(CommandError, match="task 0 of transactions-cdc has failed:\nAccess denied for debezium"):
        deploy()


def test_what_had_failed_is_started_again_by_deploying_again(worker: Worker) -> None:
    worker.state_of_new = [RUNNING, FAILED]
    with pytest.raises(CommandError):
        deploy()
    worker.state_of_new = [RUNNING, RUNNING]
    assert deploy() == "transactions-cdc runs\noutbox runs\n"


def test_a_connector_without_tasks_does_not_run(worker: Worker) -> None:
    worker.state_of_new = [RUNNING]
    with pytest.raises(CommandError, match="transactions-cdc does not run in time"):
        deploy("--timeout", "0.2")


def test_settings_that_connect_refuses_are_told_in_its_words(worker: Worker) -> None:
    worker.refusal = "Connector configuration is invalid: database.port is missing"
    with pytest.raises(CommandError, match=r"with 400: Connector configuration is invalid: database\.port is missing"):
        deploy()


def test_a_worker_that_is_busy_is_asked_again(worker: Worker) -> None:
    worker.busy_answers = 3
    assert deploy() == "transactions-cdc runs\noutbox runs\n"


def test_without_connect_there_is_nowhere_to_deploy(settings: Any) -> None:
    settings.CONNECT_URL = ""
    with pytest.raises(CommandError, match="CONNECT_URL is empty"):
        deploy()
    settings.CONNECT_URL = "http://127.0.0.1:1"
    with pytest.raises(CommandError, match="Kafka Connect does not answer at CONNECT_URL"):
        deploy()


def test_only_what_failed_is_started_again(worker: Worker) -> None:
    deploy()
    worker.states["outbox"] = [RUNNING, FAILED]
    worker.asked.clear()
    watched = connect.Connect(project.CONNECT_URL)
    assert [watched.restart_failed(name) for name in watched.names()] == [["task 0"], []]
    assert worker.changes() == ["POST /connectors/outbox/restart?includeTasks=true&onlyFailed=true"]


FILES = sorted((project.BASE_DIR / "connectors").glob("*.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_connector_is_named_as_its_file_and_holds_no_secret(file: Path) -> None:
    connector = Connector.read(file)
    assert connector.name == file.stem
    for name, value in connector.config.items():
        assert isinstance(value, str)
        if name == "database.ssl.truststore.password":
            # Of a store of certificates, which holds no key.
            assert value == TRUSTSTORE_PASSWORD.decode()
        elif "password" in name or "jaas" in name:
            assert "${env:" in value
