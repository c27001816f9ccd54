"""Alerts of a running cluster, watched while a fault is there and after it has gone."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any

from grafana import prometheus_api
from native.driving.embedded import wait_until

EVERY_SECONDS = 0.5
FIRES_WITHIN = 240
CLEARS_WITHIN = 300
TOLD_AFTER = 15
"""Alertmanager waits ten seconds for others that belong to it; what is over by then it never tells."""
Labels = dict[str, str]


@dataclass(frozen=True)
class Alert:
    """One that is expected, by its name and by some of its labels."""

    name: str
    labels: tuple[tuple[str, str], ...] = ()

    def is_among(self, firing: Sequence[Labels]) -> bool:
        return any({"alertname": self.name, **dict(self.labels)}.items() <= each.items() for each in firing)

    def __str__(self) -> str:
        return f"{self.name}{{{', '.join(f'{name}={value}' for name, value in self.labels)}}}".removesuffix("{}")


def alert(name: str, **labels: str) -> Alert:
    return Alert(name, tuple(labels.items()))


@dataclass
class Outcome:
    """How long an alert took to fire after the fault began, and to clear after it was mended; None: it did not."""

    fault: str
    alert: Alert
    fired: float | None = None
    cleared: float | None = None


@dataclass
class Prometheus:
    """What fires, looked up twice a second by a thread of its own, for as long as it is entered."""

    address: str
    firing: Sequence[Labels] = ()
    outcomes: list[Outcome] = field(default_factory=list)

    def __enter__(self) -> "Prometheus":
        self._ended, self._lock = Event(), Lock()
        self.look()
        self._thread = Thread(target=self._keep_looking)
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    def _keep_looking(self) -> None:
        while not self._ended.wait(EVERY_SECONDS):
            self.look()

    def look(self) -> None:
        found = prometheus_api.Prometheus(self.address).get("alerts")["alerts"]
        self.firing = [each["labels"] for each in found if each["state"] == "firing"]

    def value(self, query: str) -> float:
        """The only sample that a query gives; 0 for none."""
        series = prometheus_api.Prometheus(self.address).at(query)
        return series[0].last if series else 0.0

    def wait_calm(self, *expected: Alert) -> None:
        """Wait until none of these fires for another reason."""
        wait_until(lambda: not any(each.is_among(self.firing) for each in expected), f"{expected} to clear", 300)

    def drill(self, fault: str, during: AbstractContextManager[Any], *expected: Alert) -> None:
        """Let a fault be until all these alerts fire, mend it, and wait until they have cleared."""
        outcomes = [Outcome(fault, each) for each in expected]
        with self._lock:
            self.outcomes += outcomes
        self.wait_calm(*expected)
        began = time.monotonic()
        with during:
            self.await_all(outcomes, began, fires=True, timeout=FIRES_WITHIN)
            time.sleep(TOLD_AFTER)
        self.await_all(outcomes, time.monotonic(), fires=False, timeout=CLEARS_WITHIN)

    def await_all(
        self,
        outcomes: Sequence[Outcome],
        began: float,
        *,
        fires: bool,
        timeout: float,
        meanwhile: Callable[[], object] = lambda: time.sleep(EVERY_SECONDS / 2),
    ) -> None:
        """Wait until each fires, or no longer does, and note when; what does not in time stays without a figure."""
        what = "fired" if fires else "cleared"
        left = [each for each in outcomes if getattr(each, what) is None]
        while left and time.monotonic() < began + timeout:
            for each in left:
                if each.alert.is_among(self.firing) == fires:
                    setattr(each, what, time.monotonic() - began)
            left = [each for each in left if getattr(each, what) is None]
            meanwhile()
