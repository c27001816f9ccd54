"""Kafka Connect: its connectors, deployed and looked after by its REST API."""

import json
import ssl
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Self

import httpx2

TIMEOUT_SECONDS = 30
"""Connect validates a connector's settings before it answers, and asks the database for that."""
LOOK_EVERY_SECONDS = 0.5
SETTLED_AFTER_SECONDS = 2.0
"""Until then, what Connect reports of a connector may still be the state before its new settings."""

RUNNING, FAILED, PAUSED, STOPPED = "RUNNING", "FAILED", "PAUSED", "STOPPED"
BUSY = {409, 503}
"""A worker is joining or leaving: soon it will do."""


class ConnectFailed(RuntimeError):
    """A connector could not be deployed, or does not run; says why."""


@dataclass(frozen=True, slots=True)
class Connector:
    """A connector as its file in connectors/ has it."""

    name: str
    config: Mapping[str, str]

    @classmethod
    def read(cls, file: Path) -> Self:
        content = json.loads(file.read_text())
        return cls(content["name"], content["config"])

    @property
    def group(self) -> str | None:
        """The consumer group that a sink reads in, as Connect names it; a source has none."""
        return f"connect-{self.name}" if "topics" in self.config else None


@dataclass(frozen=True, slots=True)
class Status:
    """The states of a connector and its tasks by their names, and the traces of those that failed."""

    states: Mapping[str, str]
    traces: Mapping[str, str]

    @property
    def is_running(self) -> bool:
        """Whether the connector and at least one task run, and nothing does otherwise."""
        return len(self.states) > 1 and set(self.states.values()) == {RUNNING}

    @property
    def failed(self) -> list[str]:
        return [name for name, state in self.states.items() if state == FAILED]


class Connect:
    def __init__(self, url: str, ca_file: Path | None = None) -> None:
        verify: Any = ssl.create_default_context(cafile=ca_file) if ca_file else True
        self._http = httpx2.Client(base_url=url, timeout=TIMEOUT_SECONDS, verify=verify)

    def names(self) -> list[str]:
        return sorted(self._asked("GET", "/connectors"))

    def status(self, name: str) -> Status:
        status = self._asked("GET", f"/connectors/{name}/status")
        parts = {"connector": status["connector"]} | {f"task {task['id']}": task for task in status["tasks"]}
        return Status(
            {part: about["state"] for part, about in parts.items()},
            {part: about.get("trace", "") for part, about in parts.items() if about["state"] == FAILED},
        )

    def deploy(self, connector: Connector, timeout: float) -> bool:
        """Bring a connector about and wait until it runs; returns whether anything had to change.

        Raises ConnectFailed, with the trace of what failed.
        """
        deadline = monotonic() + timeout
        known = connector.name in self.names()
        wanted = {**connector.config, "name": connector.name}
        changed = not known or self._asked("GET", f"/connectors/{connector.name}/config") != wanted
        if changed:
            self._asked("PUT", f"/connectors/{connector.name}/config", dict(connector.config))
        elif failed := self.status(connector.name).failed:
            self.restart_failed(connector.name)
            changed = bool(failed)
        self._wait_until_running(connector.name, settle=SETTLED_AFTER_SECONDS if changed else 0, deadline=deadline)
        return changed

    def restart_failed(self, name: str) -> list[str]:
        """Start what failed of a connector again; returns its parts."""
        failed = self.status(name).failed
        if failed:
            self._asked("POST", f"/connectors/{name}/restart?includeTasks=true&onlyFailed=true")
        return failed

    def pause(self, name: str) -> None:
        """Let a connector rest, and wait until it does."""
        self._asked("PUT", f"/connectors/{name}/pause")
        self._wait(lambda: set(self.status(name).states.values()) == {PAUSED}, f"{name} pauses")

    def resume(self, name: str) -> None:
        self._asked("PUT", f"/connectors/{name}/resume")

    def stop(self, name: str) -> None:
        """End a connector's tasks; unlike a paused one, it may be given another place to go on from."""
        self._asked("PUT", f"/connectors/{name}/stop")
        self._wait(lambda: set(self.status(name).states.values()) == {STOPPED}, f"{name} stops")

    def forget_place(self, name: str) -> None:
        """Let a stopped connector begin anew, as one that has never run."""
        self._asked("DELETE", f"/connectors/{name}/offsets")

    def has_place(self, name: str) -> bool:
        """Whether a source has written down where it would go on from, and not in the middle of a snapshot."""
        places = [each["offset"] or {} for each in self._asked("GET", f"/connectors/{name}/offsets")["offsets"]]
        return bool(places) and not any(place.get("snapshot") for place in places)

    def delete(self, name: str) -> None:
        """Take a connector away; of a source, its place too, so that one of the same name begins anew."""
        if self._asked("GET", f"/connectors/{name}/status").get("type") == "source":
            self.stop(name)
            self.forget_place(name)
        self._asked("DELETE", f"/connectors/{name}")

    def wait_until_running(self, name: str, timeout: float) -> None:
        """Return once a connector that was started again runs; raises ConnectFailed, with the trace of what failed."""
        self._wait_until_running(name, settle=SETTLED_AFTER_SECONDS, deadline=monotonic() + timeout)

    def wait_for_place(self, name: str, timeout: float) -> None:
        """Return once a source that began anew has a place; raises ConnectFailed."""
        self._wait(lambda: self.has_place(name), f"{name} has read where MySQL stands", timeout)

    def _wait_until_running(self, name: str, *, settle: float, deadline: float) -> None:
        """Return once the connector has run for as long as it takes to believe it."""
        since = monotonic()
        status = self._status_if_any(name)
        while not (status and status.is_running and monotonic() - since >= settle):
            if status and status.failed and monotonic() - since >= settle:
                raise ConnectFailed(_in_words(name, status))
            if monotonic() > deadline:
                raise ConnectFailed(f"{name} does not run in time: {dict(status.states) if status else 'unknown yet'}")
            sleep(LOOK_EVERY_SECONDS)
            before, status = status, self._status_if_any(name)
            if before != status:
                since = monotonic()

    def _status_if_any(self, name: str) -> Status | None:
        """The status, or None while Connect has not heard of the connector it just took."""
        try:
            return self.status(name)
        except ConnectFailed:
            return None

    def _wait(self, condition: Callable[[], bool], what: str, timeout: float = 60) -> None:
        deadline = monotonic() + timeout
        while not condition():
            if monotonic() > deadline:
                raise ConnectFailed(f"not so within {timeout:g} s: {what}")
            sleep(LOOK_EVERY_SECONDS)

    def _asked(self, method: str, path: str, body: Any = None, timeout: float = TIMEOUT_SECONDS) -> Any:
        """What Connect answers; waits while its workers agree on who does what. Raises ConnectFailed."""
        deadline = monotonic() + timeout
        while True:
            try:
                answer = self._http.request(method, path, json=body)
            except httpx2.HTTPError as error:
                raise ConnectFailed(f"Kafka Connect does not answer at CONNECT_URL: {error}") from error
            if answer.status_code not in BUSY or monotonic() > deadline:
                break
            sleep(LOOK_EVERY_SECONDS)
        if answer.is_error:
            raise ConnectFailed(f"Kafka Connect answers {method} {path} with {answer.status_code}: {_message(answer)}")
        return answer.json() if answer.content else None


def _message(answer: httpx2.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return answer.text


def _in_words(name: str, status: Status) -> str:
    return "\n".join(f"{part} of {name} has failed:\n{trace.strip()}" for part, trace in status.traces.items())


def what_helps(states: Collection[str]) -> str:
    """Against connectors in these states."""
    if FAILED in states:
        return (
            "`manage.py heal_connectors` brings failed ones back, with what they passed over, or says why they fail: "
            "docs/runbooks/connect-task-failed.md."
        )
    if {PAUSED, STOPPED} & set(states):
        return "Somebody has let them rest: docs/runbooks/connector-silent.md says how to resume them."
    return "If that stays so, see docs/runbooks/connect-task-failed.md."
