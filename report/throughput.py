"""A backlog being worked off: how far each stage is, moment by moment, as Prometheus would read it."""

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.error import URLError

from native.driving.scraping import scrape
from native.layout import Layout
from streaming import topology

WORKERS = {worker.name: worker.reads[0].value for worker in topology.WORKERS if worker.group}
"""The topic whose records each of them handles."""
DEBEZIUM = "Debezium"
LOOK_EVERY, PATIENCE_SECONDS = 0.25, 300
HANDLED = "platform_worker_events_handled_total"
CAPTURED = "kafka_connect_source_task_metrics_source_record_write_total"
Counts = Mapping[str, float]


@dataclass(frozen=True)
class Look:
    """How many records each stage had done, so many seconds after the orders began to be sent."""

    at: float
    done: Counts


def counts(layout: Layout) -> Counts:
    """What every stage says that it has handled since it started."""
    done = {
        worker: sum(scrape(layout.ports[f"{worker} metrics"]).values(HANDLED, topic=topic))
        for worker, topic in WORKERS.items()
    }
    return done | {
        DEBEZIUM: sum(scrape(layout.ports["connect metrics"]).values(CAPTURED, connector="transactions-cdc"))
    }


def worked_off(layout: Layout, orders: int, send: Callable[[], subprocess.Popen[str]]) -> list[Look]:
    """Looks from the moment of sending until every stage has handled all orders."""
    before = counts(layout)
    process, began = send(), time.monotonic()
    looks: list[Look] = []
    while not looks or min(looks[-1].done.values()) < orders:
        assert time.monotonic() - began < PATIENCE_SECONDS, f"not all done within {PATIENCE_SECONDS} s: {looks[-1]}"
        assert process.poll() in (None, 0), "the producer failed"
        try:
            now = counts(layout)
        except (URLError, TimeoutError):
            continue
        looks.append(Look(time.monotonic() - began, {stage: now[stage] - before[stage] for stage in now}))
        time.sleep(LOOK_EVERY)
    return looks


def summed_up(looks: Sequence[Look], orders: int) -> dict[str, dict[str, float]]:
    """For each stage: seconds from its first record to the last, records a second over that time, and the most."""
    return {stage: _of_stage([(look.at, look.done[stage]) for look in looks], orders) for stage in looks[0].done}


def _of_stage(points: Sequence[tuple[float, float]], orders: int) -> dict[str, float]:
    # Other orders may come meanwhile, but few.
    idle = [at for at, done in points if done < orders / 100]
    begun = idle[-1] if idle else 0.0
    ended = next(at for at, done in points if done >= orders)
    mean = orders / max(ended - begun, LOOK_EVERY)
    return {
        "begun": round(begun, 2),
        "done": round(ended, 2),
        "mean": round(mean),
        "peak": round(max(_rates(points), default=mean)),
    }


def _rates(points: Sequence[tuple[float, float]]) -> Iterator[float]:
    """Records a second over at least one second each."""
    for number, (at, done) in enumerate(points):
        for later, more in points[number + 1 :]:
            if later - at >= 1:
                yield (more - done) / (later - at)
                break
