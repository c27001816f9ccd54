"""Sending orders when they are due, whatever becomes of the earlier ones."""

import time
from collections.abc import Sequence

import numpy as np
from confluent_kafka import Producer

from bench.scaling.pace import Floats
from bench.workers.broker import DELIVERY_SECONDS, ORDERS, NotLoaded

Message = tuple[bytes, bytes, int]
"""key, value and partition"""

TICK_SECONDS = 0.001
OPTIONS: dict[str, str | int | float | bool] = {
    "linger.ms": 5, "compression.type": "lz4", "enable.idempotence": True, "log_level": 3,
}  # fmt: skip
"""as the platform's own producers have them"""


def send(address: str, messages: Sequence[Message], due: Floats, begins: float) -> Floats:
    """Send each; returns by how many seconds each was late; raises NotLoaded.

    due: seconds from begins on, which is a moment of time.monotonic().
    """
    producer = Producer({"bootstrap.servers": address} | OPTIONS)
    moments, late = (begins + due).tolist(), np.zeros(len(due))
    for place, (key, value, home) in enumerate(messages):
        while (ahead := moments[place] - time.monotonic()) > 0:
            producer.poll(0)
            time.sleep(max(ahead, TICK_SECONDS))
        producer.produce(ORDERS, value, key, partition=home)
        late[place] = time.monotonic() - moments[place]
    if left := producer.flush(DELIVERY_SECONDS):
        raise NotLoaded(f"{left} orders that were sent at an even rate are still on their way.")
    return late
