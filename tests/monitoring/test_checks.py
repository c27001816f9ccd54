import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest
from celery import Celery
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler

from config.env import Adapter
from monitoring.checks import Check, ask_all, checks_of_this_place
from monitoring.health import Down, Overall, Pending, Status, Unknown, overall
from monitoring.server_checks import connect, registry
from monitoring.stored_checks import celery_beat
from native.driving.embedded import wait_until


def up() -> None:
    """A part that answers."""


def sleep_until(event: Event, timeout: float | None = None) -> None:
    event.wait(timeout)


def test_the_reason_of_a_part_that_is_down_is_told() -> None:
    def ask() -> None:
        raise Down("The cellar is flooded.")

    [part] = ask_all([Check("cellar", True, ask)])
    assert part.why == "The cellar is flooded."


def test_a_check_that_fails_unexpectedly_tells_no_more_than_the_kind_of_error() -> None:
    def ask() -> None:
        raise ValueError("password=hunter2")

    [part] = ask_all([Check("cellar", True, ask)])
    assert "ValueError" in part.why
    assert "hunter2" not in part.why


def test_a_silent_part_keeps_nobody_waiting() -> None:
    released = Event()
    # Were it waited for, nobody would ever release it.
    silent, other = ask_all([Check("silent", True, lambda: sleep_until(released)), Check("other", True, up)], 0.1)
    released.set()
    assert "did not answer within 0.1 s" in silent.why
    assert other.why == ""


def test_parts_are_asked_at_once() -> None:
    met = [Event(), Event()]

    def meet(mine: Event, others: Event) -> None:
        mine.set()
        if not others.wait(60):
            raise Down("The other was not asked meanwhile.")

    parts = ask_all(
        [Check("a", True, lambda: meet(met[0], met[1])), Check("b", True, lambda: meet(met[1], met[0]))], timeout=120
    )
    assert [part.why for part in parts] == ["", ""]


@pytest.mark.parametrize("milliseconds", [30])
def test_latency_is_in_milliseconds(milliseconds: int) -> None:
    [part] = ask_all([Check("slow", True, lambda: sleep_until(Event(), milliseconds / 1000))])
    assert part.latency_ms >= milliseconds
    [told] = ask_all([Check("told", True, lambda: milliseconds / 1000)])
    assert told.latency_ms == milliseconds


@contextmanager
def answering(answers: dict[str, Any]) -> Iterator[str]:
    """A server on loopback that gives a JSON answer to each path; the rest is 404."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = answers.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def connect_with(task: str) -> dict[str, Any]:
    state = {"connector": {"state": "RUNNING"}, "tasks": [{"id": 0, "state": task, "trace": "secret words"}]}
    return {"/connectors": ["outbox"], "/connectors/outbox/status": state}


def test_connect_is_up_while_every_task_runs(settings: Any) -> None:
    with answering(connect_with("RUNNING")) as settings.CONNECT_URL:
        connect()


def test_a_failed_task_of_connect_is_named_without_its_trace(settings: Any) -> None:
    with answering(connect_with("FAILED")) as settings.CONNECT_URL, pytest.raises(Down) as down:
        connect()
    assert "task 0 of outbox is FAILED. `manage.py heal_connectors` brings failed ones back" in str(down.value)
    assert "secret" not in str(down.value)


def test_a_connector_that_somebody_paused_has_not_failed(settings: Any) -> None:
    with (
        answering(connect_with("PAUSED")) as settings.CONNECT_URL,
        pytest.raises(Down, match="Somebody has let them rest"),
    ):
        connect()


def test_connect_without_connectors_is_down(settings: Any) -> None:
    with answering({"/connectors": []}) as settings.CONNECT_URL, pytest.raises(Down, match="deploy_connectors"):
        connect()


def test_parts_that_nobody_listens_for_are_down(settings: Any) -> None:
    settings.CONNECT_URL = "http://127.0.0.1:1"
    settings.SCHEMA_IDS = Adapter.parse("registry:http://127.0.0.1:1")
    for check in (connect, registry):
        with pytest.raises(Down, match="does not answer"):
            check()


def test_registry_and_connect_are_asked_only_where_there_are_any(settings: Any) -> None:
    embedded = {check.name for check in checks_of_this_place()}
    settings.CONNECT_URL = "http://127.0.0.1:1"
    settings.SCHEMA_IDS = Adapter.parse("registry:http://127.0.0.1:1")
    assert {check.name for check in checks_of_this_place()} - embedded == {"registry", "connect"}


def test_a_part_that_has_not_had_its_turn_is_pending_and_degrades_nothing() -> None:
    def ask() -> None:
        raise Pending("Next Tuesday.")

    [part] = ask_all([Check("cellar", False, ask)])
    assert (part.status, part.why) == (Status.PENDING, "Next Tuesday.")
    assert overall([part]) is Overall.UP


def test_a_part_of_which_nothing_is_known_is_not_well() -> None:
    def ask() -> None:
        raise Unknown("Nobody looks.")

    parts = ask_all([Check("cellar", False, ask)])
    assert (parts[0].status, overall(parts)) == (Status.UNKNOWN, Overall.DEGRADED)


def ordered(ago: timedelta) -> None:
    every = IntervalSchedule.objects.create(every=5, period=IntervalSchedule.SECONDS)
    last = datetime.now(UTC) - ago
    PeriodicTask.objects.create(name="send e-mails", interval=every, task="x", last_run_at=last)


@pytest.mark.django_db
def test_a_beat_that_never_ordered_anything_is_unknown() -> None:
    with pytest.raises(Unknown, match="has not ordered anything yet"):
        celery_beat()


@pytest.mark.django_db
def test_a_beat_that_stands_is_down_since_a_moment() -> None:
    ordered(timedelta(minutes=3))
    with pytest.raises(Down, match=r"nothing since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"):
        celery_beat()


@pytest.mark.django_db
def test_a_beat_that_orders_is_well() -> None:
    ordered(timedelta(seconds=8))
    celery_beat()


@pytest.mark.django_db(transaction=True)
def test_a_running_beat_writes_down_at_once_what_it_ordered(settings: Any) -> None:
    ordered(timedelta(days=1))
    app = Celery("beat", broker="memory://", set_as_current=False)
    app.conf.beat_sync_every = settings.CELERY_BEAT_SYNC_EVERY
    scheduler = DatabaseScheduler(app=app, lazy=False)
    wait_until(lambda: scheduler.tick() is None or is_written(), "beat has written down what it ordered", 30)
    celery_beat()


def is_written() -> bool:
    return bool(PeriodicTask.objects.filter(last_run_at__gt=datetime.now(UTC) - timedelta(minutes=1)).exists())
