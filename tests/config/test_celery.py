"""Celery's workers as the demo runs them: real processes on a real queue, and a mail server that says nothing."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import connect
from threading import Thread
from typing import Any

import pytest
import yaml
from celery import Celery
from django.utils import timezone

from config.celery import app
from native.driving.embedded import ROOT, platform_environment, wait_until
from tests.notifications.smtp import MailServer

CONFS = [ROOT / "native" / name for name in ("supervisord.conf", "cluster.conf")]
COMPOSITION = ROOT / "compose" / "docker-compose.yml"
WORKER = re.compile(r"-m (celery --app config\.celery worker.*)")


def workers(conf: Path) -> list[list[str]]:
    """The arguments of every worker that a file starts."""
    if conf == COMPOSITION:
        services = yaml.safe_load(conf.read_text())["services"].values()
        lines = [shlex.join(service["command"]) for service in services if isinstance(service.get("command"), list)]
    else:
        lines = conf.read_text().splitlines()
    return [shlex.split(found[1].replace("%%", "%")) for line in lines if (found := WORKER.search(line))]


def queues(worker: list[str]) -> list[str]:
    return worker[worker.index("--queues") + 1].split(",") if "--queues" in worker else ["celery"]


@pytest.mark.parametrize("conf", [*CONFS, COMPOSITION], ids=lambda file: file.name)
def test_each_queue_has_one_worker_and_mail_has_its_own(conf: Path) -> None:
    taken = sorted(queue for worker in workers(conf) for queue in queues(worker))
    app.loader.import_default_modules()
    used = {app.amqp.router.route({}, name)["queue"].name for name in app.tasks}
    assert taken == sorted(used) == ["celery", "mail", "reconciliation"]
    assert ["mail"] in map(queues, workers(conf))


@pytest.mark.parametrize("conf", [*CONFS, COMPOSITION], ids=lambda file: file.name)
def test_no_worker_is_of_a_pool_that_knows_no_limits(conf: Path) -> None:
    assert workers(conf)
    assert not [worker for worker in workers(conf) if "--pool" in worker or "-P" in worker]


def test_every_task_has_limits() -> None:
    app.loader.import_default_modules()
    for name, task in app.tasks.items():
        soft = task.soft_time_limit or app.conf.task_soft_time_limit
        hard = task.time_limit or app.conf.task_time_limit
        assert soft, name
        assert soft < hard, name


@pytest.fixture
def silent() -> Iterator[MailServer]:
    with MailServer(silent=True) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server
        server.ended.set()
        server.shutdown()


class Celeries:
    """The demo's workers on a folder of their own, and what sends them tasks."""

    def __init__(self, folder: Path, migrated: Path, mail_port: int) -> None:
        self.folder, self.database = folder, folder / "platform.sqlite3"
        for name in ("messages", "control"):
            (folder / name).mkdir()
        self.database.write_bytes(migrated.read_bytes())
        self.environment = os.environ | platform_environment(self.database, "127.0.0.1:1")
        self.environment |= {"CELERY_FOLDER": str(folder), "PYTHONPATH": "platform"}
        self.environment |= {"EMAIL_URL": f"smtp://127.0.0.1:{mail_port}", "EMAIL_TIMEOUT_SECONDS": "600"}
        self.client = Celery(broker="filesystem://", set_as_current=False)
        self.client.conf.broker_transport_options = {
            "data_folder_in": str(folder / "messages"),
            "data_folder_out": str(folder / "messages"),
            "control_folder": str(folder / "control"),
        }
        self.processes = [self.start(number, worker) for number, worker in enumerate(workers(CONFS[0]))]

    def start(self, number: int, worker: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{number}.log").open("w") as log:
            return subprocess.Popen(
                [sys.executable, "-m", *worker],
                cwd=ROOT, env=self.environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def send(self, task: str, **options: Any) -> None:
        queue = app.amqp.router.route({}, task)["queue"].name
        self.client.send_task(task, queue=queue, ignore_result=True, **options)

    def logs(self) -> str:
        return "".join(file.read_text() for file in sorted(self.folder.glob("*.log")))

    def wait_for(self, pattern: str) -> None:
        wait_until(lambda: re.search(pattern, self.logs()), pattern, state=self.logs)

    def insert(self, table: str, row: dict[str, Any]) -> None:
        marks = ", ".join("?" * len(row))
        with closing(connect(self.database, timeout=30)) as database, database:
            values = [str(value) for value in row.values()]
            database.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", values)

    def read(self, sql: str) -> list[Any]:
        with closing(connect(self.database, timeout=30)) as database:
            return database.execute(sql).fetchall()

    def end(self) -> None:
        for process in self.processes:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def celeries(tmp_path: Path, migrated_database: Path, silent: MailServer) -> Iterator[Celeries]:
    running = Celeries(tmp_path, migrated_database, silent.port)
    yield running
    running.end()


def test_mail_that_hangs_keeps_nothing_else_waiting(celeries: Celeries) -> None:
    begin_to_send(celeries)
    celeries.send("api.tasks.forget_idempotency_keys")
    celeries.wait_for(r"forget_idempotency_keys[^\n]* succeeded")
    assert not re.search(r"send_emails[^\n]* (succeeded|raised)", celeries.logs())


def test_mail_that_hangs_is_ended_and_later_mail_goes_on(celeries: Celeries) -> None:
    begin_to_send(celeries, soft_time_limit=3, time_limit=60)
    celeries.wait_for("SoftTimeLimitExceeded")
    celeries.send("notifications.tasks.send_emails")
    celeries.wait_for(r"send_emails[^\n]* succeeded")


def begin_to_send(celeries: Celeries, **limits: float) -> None:
    """Let an e-mail be handed to a mail server that says nothing."""
    row: dict[str, Any] = {
        "recipient": "customer:7",
        "kind": "ORDER_PAID",
        "order_id": "a-1",
        "alert": "",
        "text": "Paid.",
    }
    row |= {"email": "a@shop.example", "email_tries": 0, "email_error": ""}
    moment = {"created_at": timezone.now(), "email_due_at": timezone.now()}
    celeries.insert("notifications_notification", row | moment)
    celeries.send("notifications.tasks.send_emails", **limits)
    wait_until(lambda: taken(celeries), "the mail is being sent", state=celeries.logs)


def taken(celeries: Celeries) -> bool:
    """Whether a worker has taken the e-mail: its lease lies in the future."""
    now = f"{timezone.now():%Y-%m-%d %H:%M:%S}"
    return bool(celeries.read(f"SELECT 1 FROM notifications_notification WHERE email_due_at > '{now}'"))
