"""deploy_connectors and heal_connectors, against a server that answers as Kafka Connect does."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from django.conf import settings as project
from django.core.management import CommandError, call_command
from django.db import transaction

from native.driving.embedded import wait_until
from native.security import acls
from native.security.certificates import TRUSTSTORE_PASSWORD
from streaming import clients
from streaming.connectors import connect, healing, wanted
from streaming.connectors.binlog_position import has_lost_its_place
from streaming.connectors.connect import Connect, Connector
from streaming.inspecting.lag import end_offsets
from streaming.log_reader import read_range, reader
from streaming.models import OutboxMessage
from streaming.producing import outbox
from streaming.producing.relay import outgoing
from tests.streaming.conftest import Orders

RUNNING, FAILED, STOPPED = "RUNNING", "FAILED", "STOPPED"
DENIED = "Access denied for debezium\n\tat …"
GONE = (
    "io.debezium.DebeziumException: The connector is trying to read change stream starting at MySqlOffsetContext "
    "[sourceInfo=SourceInfo [currentBinlogFilename=binlog.000002]], but this is no longer available on the server. "
    "Reconfigure the connector to use a snapshot mode when needed.\n\tat …"
)


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
        self.looks_without_place = 0
        """so often they are said to have none yet"""
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
            case "GET", [_, "offsets"] if self.looks_without_place:
                self.looks_without_place -= 1
                return 200, {"offsets": []}
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
    monkeypatch.setattr(healing, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(healing, "LOOK_EVERY_SECONDS", 0.01)
    monkeypatch.setattr(healing, "UNMOVED_SECONDS", 0.1)
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


def test_the_outbox_is_deployed_once_it_has_a_place_since_it_passes_over_what_was_written_before(
    worker: Worker,
) -> None:
    worker.looks_without_place = 3
    assert deploy().endswith("outbox runs\n")
    assert worker.asked[-1] == "GET /connectors/outbox/offsets"
    assert worker.looks_without_place == 0


def test_an_outbox_that_never_has_a_place_is_not_deployed(worker: Worker) -> None:
    worker.looks_without_place = 1_000_000
    with pytest.raises(CommandError, match="outbox has read where MySQL stands"):
        deploy("--timeout", "0.3")


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
        for group in wanted.groups_out_of_use():
            assert acls.allowed("deployer", acls.Operation.DELETE, acls.Resource.GROUP, group)


# --- healing ----------------------------------------------------------------------------------------------------------
def heal(*arguments: str) -> list[str]:
    out = StringIO()
    call_command("heal_connectors", *arguments, stdout=out)
    return out.getvalue().splitlines()


Rows = Callable[[int], list[OutboxMessage]]


@pytest.fixture
def rows(orders: Orders) -> Rows:
    """Writes so many rows into the outbox."""

    def write(count: int) -> list[OutboxMessage]:
        with transaction.atomic():
            outbox.enqueue(orders(count, f"run-{OutboxMessage.objects.count()}"))
        return list(OutboxMessage.objects.order_by("-pk")[:count])[::-1]

    return write


def carry(rows: list[OutboxMessage]) -> None:
    """What Debezium does."""

    def record(row: OutboxMessage) -> clients.Outgoing:
        also = ("id", str(row.pk).encode())
        return outgoing(row.topic, row.message_key, bytes(row.payload), row.traceparent, also)

    clients.send_all(clients.producer(), map(record, rows))


def ids_in_topic(kafka: AdminClient) -> list[int]:
    consumer = reader("test-reader")
    ids: list[int] = []
    try:
        for partition, end in end_offsets(kafka, [("transactions", number) for number in range(3)]).items():
            for message in read_range(consumer, partition, 0, end):
                headers: Any = message.headers() or []
                ids += [int(value) for name, value in headers if name == "id"]
    finally:
        consumer.close()
    return sorted(ids)


def fail(worker: Worker, name: str, trace: str) -> None:
    worker.states[name] = [RUNNING, FAILED]
    worker.fails_without_end[name] = trace


@pytest.mark.django_db
def test_an_outbox_whose_place_is_gone_begins_anew_and_its_gap_is_told_once_in_order(
    worker: Worker, kafka: AdminClient, rows: Rows
) -> None:
    deploy()
    carried, gap = rows(3), rows(2500)
    carry(carried)
    fail(worker, "outbox", GONE)
    worker.asked.clear()
    told = heal()
    assert told[0].startswith(
        f"2,500 rows of the outbox, id {gap[0].pk} to {gap[-1].pk}, had reached no topic and were"
    )
    assert told[1] == "outbox had lost its place in MySQL's binlog and goes on with what is written from now on."
    assert len(told) == 2
    assert worker.changes() == [f"{what} /connectors/outbox/{how}" for what, how in
                                (("PUT", "stop"), ("DELETE", "offsets"), ("PUT", "resume"))]  # fmt: skip
    assert ids_in_topic(kafka) == [row.pk for row in carried + gap]
    with pytest.raises(CommandError, match="Nothing to heal: every connector runs, and every row of the outbox is in"):
        heal()


@pytest.mark.django_db
def test_what_was_written_while_it_began_anew_is_told_too(
    worker: Worker, kafka: AdminClient, rows: Rows, monkeypatch: Any
) -> None:
    deploy()
    (first,) = rows(1)
    fail(worker, "outbox", GONE)
    resume = Connect.resume
    monkeypatch.setattr(Connect, "resume", lambda self, name: (rows(2), resume(self, name)))
    heal()
    assert ids_in_topic(kafka) == [first.pk, first.pk + 1, first.pk + 2]


@pytest.mark.django_db
def test_rows_that_the_connector_carries_meanwhile_are_left_to_it(
    worker: Worker, kafka: AdminClient, rows: Rows, monkeypatch: Any
) -> None:
    deploy()
    left = rows(4)
    naps = iter([left[:2], left[2:3], [], []])
    monkeypatch.setattr(healing, "sleep", lambda seconds: carry(next(naps)) if seconds == 0.1 else None)
    assert heal() == [
        f"1 row of the outbox, id {left[3].pk} to {left[3].pk}, had reached no topic and was published; "
        "consumers pass over what they know already."
    ]
    assert ids_in_topic(kafka) == [row.pk for row in left]


@pytest.mark.django_db
def test_somebody_elses_record_with_the_id_of_a_row_does_not_hide_it(
    worker: Worker, kafka: AdminClient, rows: Rows
) -> None:
    deploy()
    (row,) = rows(1)
    foreign = clients.Outgoing("transactions", b"7", b"anything", [("id", str(row.pk).encode()), ("id", b"\xff")])
    clients.send_all(clients.producer(), [foreign])
    assert "had reached no topic" in heal()[0]


@pytest.mark.django_db
def test_changes_of_rows_whose_place_is_gone_begin_with_a_snapshot(worker: Worker) -> None:
    deploy()
    fail(worker, "transactions-cdc", GONE)
    assert heal() == ["transactions-cdc began anew: it tells every row of its table once more, and then every change."]


@pytest.mark.django_db
def test_what_failed_for_another_reason_is_only_started_again(worker: Worker) -> None:
    deploy()
    worker.states["outbox"] = [RUNNING, FAILED]
    worker.asked.clear()
    assert heal() == ["outbox had failed and was started again; it goes on where it stood, and nothing is lost."]
    assert worker.changes() == ["POST /connectors/outbox/restart?includeTasks=true&onlyFailed=true"]


@pytest.mark.django_db
def test_what_fails_again_is_told_with_its_trace_and_keeps_its_place(worker: Worker) -> None:
    deploy()
    fail(worker, "outbox", DENIED)
    with pytest.raises(CommandError, match="task 0 of outbox has failed:\nAccess denied for debezium") as refused:
        heal()
    assert "Where its place itself is at fault: --anew outbox." in str(refused.value)
    assert "outbox" in worker.places


@pytest.mark.django_db
def test_what_seems_to_run_and_then_fails_for_its_place_begins_anew(worker: Worker, monkeypatch: Any) -> None:
    deploy()
    fail(worker, "outbox", DENIED)

    def seems_to_run(self: Connect, name: str, timeout: float) -> None:
        worker.fails_without_end[name] = GONE

    monkeypatch.setattr(Connect, "wait_until_running", seems_to_run)
    told = heal()
    assert told[1] == "outbox had lost its place in MySQL's binlog and goes on with what is written from now on."
    assert worker.states["outbox"] == [RUNNING, RUNNING]


@pytest.mark.django_db
def test_what_only_seems_to_run_is_never_called_healed(worker: Worker, monkeypatch: Any) -> None:
    deploy()
    fail(worker, "outbox", DENIED)
    monkeypatch.setattr(Connect, "wait_until_running", lambda *_: None)
    with pytest.raises(CommandError, match="Access denied for debezium"):
        heal()


@pytest.mark.django_db
def test_an_operator_may_let_a_connector_begin_anew(worker: Worker) -> None:
    deploy()
    assert heal("--anew", "transactions-cdc")[0].startswith("transactions-cdc began anew")
    with pytest.raises(CommandError, match="elasticsearch-sink: only a connector of Debezium's in use can begin anew"):
        heal("--anew", "elasticsearch-sink")


@pytest.mark.django_db
def test_the_outbox_goes_on_even_where_kafka_does_not_take_the_gap(worker: Worker, rows: Rows) -> None:
    deploy()
    OutboxMessage.objects.create(topic="transactions", message_key="1", payload=b"x" * 3_000_000)
    fail(worker, "outbox", GONE)
    with pytest.raises(CommandError, match=r"MSG_SIZE_TOO_LARGE|too large"):
        heal()
    assert worker.states["outbox"] == [RUNNING, RUNNING]


@pytest.mark.django_db
def test_a_stopped_outbox_is_nothing_to_judge_by(worker: Worker) -> None:
    deploy()
    worker.states["outbox"] = [STOPPED]
    with pytest.raises(CommandError, match="outbox is STOPPED, so it cannot be known which rows it would still carry"):
        heal()
    assert heal("--anew", "outbox")


def test_where_there_is_no_connect_nothing_can_be_healed(settings: Any) -> None:
    settings.CONNECT_URL = ""
    with pytest.raises(CommandError, match="there is no Kafka Connect here"):
        heal()
    settings.CONNECT_URL = "http://127.0.0.1:1"
    with pytest.raises(CommandError, match="Kafka Connect does not answer at CONNECT_URL"):
        heal()


@pytest.mark.parametrize(
    "trace",
    [
        GONE,
        "Client requested master to start replication from position > file size; could not find first log file name in "
        "binary log index file Error code: 1236",
        "The source is replicating with AUTO_POSITION = 1, but the source has purged required binary logs",
        "The db history topic is missing. You may attempt to recover it by reconfiguring the connector to recovery",
        "The db history topic or its content is fully or partially missing. Please check database schema history topic",
    ],
)
def test_a_lost_place_is_known_by_what_is_said_of_it(trace: str) -> None:
    assert has_lost_its_place(trace)
    assert not has_lost_its_place(DENIED)


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
