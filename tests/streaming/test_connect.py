"""deploy_connectors, against a server that answers as Kafka Connect does."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from django.conf import settings as project
from django.core.management import CommandError, call_command

from compose.native import acls
from compose.native.certificates import TRUSTSTORE_PASSWORD
from streaming import clients, connect, connectors
from streaming.connect import Connector
from tests.embedded import wait_until

RUNNING, FAILED, STOPPED = "RUNNING", "FAILED", "STOPPED"
DENIED = "Access denied for debezium\n\tat …"


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
        self.places: set[str] = set()
        """of sources that have one"""
        self.fails_without_end: dict[str, str] = {}
        """connectors that fail again however often they are started, as long as they have a place; and their traces"""

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:  # noqa: PLR0911, PLR0912 - one for each question
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
                self.places.add(name)
                return 201, {}
            case "GET", [name, "status"]:
                return 200, self._status(name)
            case "POST", [name, "restart?includeTasks=true&onlyFailed=true"]:
                if name not in self.fails_without_end:
                    self.states[name] = [RUNNING] * len(self.states[name])
                return 202, {}
            case "PUT", [name, "stop"]:
                self.states[name] = [STOPPED]
                return 202, {}
            case "DELETE", [name, "offsets"]:
                assert self.states[name] == [STOPPED], "Connect refuses this of a connector that is not stopped"
                self.places.discard(name)
                self.fails_without_end.pop(name, None)
                return 200, {"message": "The offsets for this connector have been reset successfully"}
            case "PUT", [name, "resume"]:
                self.states[name] = [RUNNING, RUNNING]
                self.places.add(name)
                return 202, {}
            case "GET", [name, "offsets"]:
                place = {"partition": {"server": name}, "offset": {"file": "binlog.000001", "pos": 4}}
                return 200, {"offsets": [place] if name in self.places else []}
            case "DELETE", [name]:
                del self.configs[name], self.states[name]
                return 204, {}
        return 404, {"message": f"no {path}"}

    def _status(self, name: str) -> dict[str, Any]:
        told = [
            {"state": s} | ({"trace": self.fails_without_end.get(name, DENIED)} if s == FAILED else {})
            for s in self.states[name]
        ]
        tasks = [{"id": n} | task for n, task in enumerate(told[1:])]
        return {"connector": told[0], "tasks": tasks, "type": "sink" if "sink" in name else "source"}

    def changes(self) -> list[str]:
        return [each for each in self.asked if not each.startswith("GET")]


@pytest.fixture
def worker(kafka: AdminClient, settings: Any, monkeypatch: Any) -> Iterator[Worker]:
    """A Kafka Connect without connectors; CONNECT_URL points to it. Waiting takes no time; two are wanted."""
    worker = Worker()
    settings.INDEXED_BY, settings.OUTBOX_CARRIED_BY = "run_indexer", "connect"

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            status, body = worker.answer(self.command, self.path, json.loads(self.rfile.read(length) or "null"))
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_DELETE = answer  # noqa: N815 - the names that BaseHTTPRequestHandler looks for

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


# --- what the settings do not want any more ---------------------------------------------------------------------------
def test_a_connector_that_the_settings_no_longer_want_is_taken_away_with_its_place(
    worker: Worker, settings: Any
) -> None:
    deploy()
    settings.OUTBOX_CARRIED_BY = "run_relay"
    worker.asked.clear()
    assert deploy() == "outbox is taken away: the settings do not want it\ntransactions-cdc runs, as before\n"
    changes = ["PUT /connectors/outbox/stop", "DELETE /connectors/outbox/offsets", "DELETE /connectors/outbox"]
    assert worker.changes() == changes
    assert deploy() == "transactions-cdc runs, as before\n"


def test_connectors_of_others_stay(worker: Worker, settings: Any, tmp_path: Path) -> None:
    file = tmp_path / "theirs.json"
    file.write_text(json.dumps({"name": "theirs", "config": {"tasks.max": "1"}}))
    deploy(str(file))
    settings.OUTBOX_CARRIED_BY, settings.INDEXED_BY = "run_relay", "nobody"
    assert deploy() == ""
    assert set(worker.configs) == {"theirs"}


def leave_group(name: str) -> None:
    """A group that has read of a topic, and whose last member has left."""
    consumer = clients.consumer(name)
    consumer.commit(offsets=[TopicPartition("transactions", 0, 0)], asynchronous=False)
    consumer.close()


def groups(kafka: AdminClient) -> set[str]:
    return {each.group_id for each in kafka.list_consumer_groups().result().valid}


def test_the_group_of_a_sink_that_is_gone_goes_too(worker: Worker, kafka: AdminClient, settings: Any) -> None:
    settings.INDEXED_BY = "connect"
    deploy()
    for name in ("connect-elasticsearch-sink", "indexer", "recorder", "connect-of-others"):
        leave_group(name)
    assert "the consumer group indexer is deleted" in deploy()
    settings.INDEXED_BY = "run_indexer"
    worker.asked.clear()
    told = deploy()
    assert "elasticsearch-sink is taken away" in told
    assert "the consumer group connect-elasticsearch-sink is deleted: nobody reads in it any more" in told
    assert worker.changes() == ["DELETE /connectors/elasticsearch-sink"]
    assert groups(kafka) == {"recorder", "connect-of-others"}


def test_a_group_that_somebody_deleted_the_sink_of_before_goes_too(worker: Worker, kafka: AdminClient) -> None:
    leave_group("connect-elasticsearch-sink")
    deploy()
    assert "connect-elasticsearch-sink" not in groups(kafka)


def test_a_group_in_which_somebody_still_reads_is_told_of(worker: Worker, kafka: AdminClient, settings: Any) -> None:
    settings.INDEXED_BY = "nobody"
    consumer = clients.consumer("indexer")
    consumer.subscribe(["transactions"])
    wait_until(lambda: consumer.consume(1, 0.1) is not None and consumer.assignment(), "somebody reads")
    try:
        with pytest.raises(
            CommandError, match="do not want the consumer group indexer, and somebody still reads in it"
        ):
            deploy("--timeout", "0.1")
    finally:
        consumer.close()


def test_the_deployer_may_delete_the_groups_that_can_be_out_of_use(settings: Any) -> None:
    for settings.INDEXED_BY in ("nobody", "run_indexer", "connect"):
        for group in connectors.groups_out_of_use():
            assert acls.allowed("deployer", acls.Operation.DELETE, acls.Resource.GROUP, group)


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
