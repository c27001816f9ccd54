"""Whether what an engine has left is what its orders come to, to the cent."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from bench.running import run
from bench.workers.broker import Broker
from bench.workers.orders import Mask, Orders, differs


class Wrong(RuntimeError):
    """An engine has counted wrongly."""


def check_database(worker: str, orders: Orders, done: Mask, environment: Mapping[str, str], folder: Path) -> None:
    """What a worker of ours has left in its database; raises Wrong."""
    file = folder / f"{worker}.npy"
    run("-m", "bench.workers.told", worker, str(file), environment={**os.environ, **environment})
    found = np.load(file)
    if worker == "aggregator":
        refuse(worker, differs(orders.totals(done), found))
        return
    expected = {
        "fraud": orders.sums(done & orders.suspicious),
        "recorder": orders.sums(done),
        "notifier": (int(done.sum()), 0),
    }[worker]
    refuse(worker, "" if expected == (count_and_cents := tuple(found.tolist())) else f"{count_and_cents} {expected=}")


def check_streams(broker: Broker, topic: str, orders: Orders, done: Mask) -> None:
    """What Streams has written; raises Wrong."""
    refuse("Kafka Streams", differs(orders.totals(done), broker.totals(topic), ("user", "hour", "cents", "count")))


def check_alerts(broker: Broker, topic: str, orders: Orders, done: Mask) -> None:
    """How many alerts the consumer in Java has written; raises Wrong."""
    expected, found = int((done & orders.suspicious).sum()), broker.count(topic)
    refuse("The consumer in Java", "" if expected == found else f"{found:,} alerts instead of {expected:,}")


def told_by_producer(said: str) -> int:
    """How many orders ours says that it has sent; raises Wrong if it does not."""
    if not (told := re.search(r"^(\d+) orders sent and acknowledged", said, flags=re.MULTILINE)):
        raise Wrong(f"The producer does not say how many orders it has sent:\n{said}")
    return int(told[1])


def check_sent(who: str, sent: int, count: int) -> None:
    """Whether a producer has sent each of its orders once; raises Wrong."""
    refuse(who, "" if sent == count else f"{sent:,} orders came to the topic instead of {count:,}")


def refuse(who: str, difference: str) -> None:
    if difference:
        raise Wrong(f"{who} is not exact: {difference}")
