"""What confluent-kafka's consume() does alone, each message an object of Python's: a ceiling of whoever decodes those.

python -m bench.workers.consuming BROKER GROUP
"""

import signal
import sys
import time
from contextlib import closing
from threading import Event
from typing import Any

from confluent_kafka import Consumer

from bench.workers.broker import MANY, ORDERS

COMMIT_SECONDS = 0.1


def main() -> None:
    address, group = sys.argv[1:]
    ended = Event()
    signal.signal(signal.SIGTERM, lambda number, frame: ended.set())
    options: dict[str, Any] = {"auto.offset.reset": "earliest", "enable.auto.commit": False}
    with closing(Consumer({"bootstrap.servers": address, "group.id": group} | options)) as consumer:
        consumer.subscribe([ORDERS])
        due, is_behind = 0.0, False
        while not ended.is_set():
            is_behind |= bool(consumer.consume(MANY, COMMIT_SECONDS))
            if is_behind and time.monotonic() >= due:
                consumer.commit(asynchronous=False)
                due, is_behind = time.monotonic() + COMMIT_SECONDS, False


if __name__ == "__main__":
    main()
