"""What takes a broker beside the database that DATABASE_URL names: the monitor's round, and the aggregator's start.

python -m bench.growth.with_kafka --write FILE      KAFKA_BOOTSTRAP_SERVERS: a broker with the topics, and nothing else
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import django

from bench.growth.outcome import Took
from bench.growth.timing import tell, timed
from bench.running import run
from native.driving.embedded import ROOT, wait_until

START_MS = 3000
STARTS = 3
BEYOND_THE_WINDOW = 1.15
"""so many times as many orders as are remembered: partitions do not get the same number of them"""
MARKED_USERS = 2_000_000_000
"""from here on: users who have no totals yet"""
CATCHING_UP_SECONDS = 600


def main() -> None:
    parser = argparse.ArgumentParser("python -m bench.growth.with_kafka")
    parser.add_argument("--write", type=Path, required=True)
    written = parser.parse_args().write
    django.setup()
    fill_the_window()
    took = [the_monitors_round(), the_aggregators_start()]
    tell(took[-1])
    written.write_text(json.dumps([asdict(each) for each in took], indent=1))


def fill_the_window() -> None:
    """As many orders in each partition as the aggregator remembers."""
    from django.conf import settings

    orders = round(settings.TOPIC_PARTITIONS * settings.SEEN_EVENTS_PER_PARTITION * BEYOND_THE_WINDOW)
    run("manage.py", "run_producer", "--rate", "1000000", "--count", str(orders), environment=os.environ)


def the_monitors_round() -> Took:
    """All that run_monitor does every two seconds."""
    from bench.growth.asking import Question
    from monitoring.database_metrics import DatabaseMetrics
    from monitoring.exporter import Exporter
    from monitoring.known_groups import KnownGroups
    from monitoring.management.commands.run_monitor import SOURCES, observe
    from monitoring.observer import Observer
    from streaming import topology
    from streaming.connectors.wanted import groups_out_of_use

    exporter = Exporter(Observer(known=KnownGroups(topology.readers(), groups_out_of_use())))

    def round_of_monitor() -> None:
        observe(exporter)
        DatabaseMetrics(SOURCES).read()

    return timed(Question("monitor: a whole round, with Kafka", 100, round_of_monitor), plans=False)


def the_aggregators_start() -> Took:
    """From the start of its process until the first order is counted that came while it was away."""
    with_aggregator(lambda: wait_until(is_caught_up, "the aggregator has caught up", CATCHING_UP_SECONDS))
    times = [first_counted(MARKED_USERS + number) for number in range(STARTS)]
    return Took(
        "aggregator: from its start to its first order counted",
        START_MS,
        ms=round(1000 * median(times)),
        first_ms=round(1000 * times[0]),
    )


def first_counted(user_id: int) -> float:
    """Seconds."""
    import events
    from analytics.models import HourlyTotal
    from events.ids import new_id
    from streaming.producing.publish import send_to_topics

    now = datetime.now(UTC).replace(microsecond=0)
    send_to_topics([events.Transaction(new_id(), user_id, 19.99, events.Status.SUCCESS, now)])
    began = time.monotonic()
    totals = HourlyTotal.objects.filter(user_id=user_id)
    with_aggregator(lambda: wait_until(totals.exists, "the order is counted"))
    return time.monotonic() - began


def with_aggregator(wait: Callable[[], None]) -> None:
    """Run the aggregator until something has come about."""
    command = [sys.executable, "manage.py", "run_aggregator", "--verbosity", "0"]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ)
    try:
        wait()
    finally:
        process.terminate()
        process.wait(30)


def is_caught_up() -> bool:
    """Whether all of the topic is in the totals."""
    from django.conf import settings

    from analytics.consumers import APPLIED_AS
    from streaming import clients
    from streaming.inspecting.lag import end_offsets
    from streaming.models import AppliedOffset
    from streaming.topics import Topic

    time.sleep(0.2)
    partitions = [(Topic.TRANSACTIONS.value, number) for number in range(settings.TOPIC_PARTITIONS)]
    rows = AppliedOffset.objects.filter(consumer=APPLIED_AS, topic=Topic.TRANSACTIONS)
    applied = {(row.topic, row.partition): row.next_offset for row in rows}
    return all(applied.get(each) == end for each, end in end_offsets(clients.admin(), partitions).items())


if __name__ == "__main__":
    main()
