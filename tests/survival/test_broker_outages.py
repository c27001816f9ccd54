"""A broker that ends and comes back, as run_monitor sees it."""

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from monitoring.observation import Observation, Outage
from monitoring.observer import Observer
from native.driving.embedded import ROOT, free_ports, running_broker, wait_until
from streaming import clients
from tests.monitoring.test_kafka import commit

pytestmark = [pytest.mark.broker, pytest.mark.django_db]


ASKING = """
import sys
from confluent_kafka.admin import AdminClient
from streaming.inspecting.lag import committed_offsets
admin = AdminClient({"bootstrap.servers": sys.argv[1], "log_level": 0})
for group in ("recorder", "fraud", "aggregator", "notifier") * 50:
    assert committed_offsets(admin, group, timeout=60) == {}
"""


def test_asking_for_offsets_while_a_broker_starts_ends_no_process(tmp_path: Path) -> None:
    # Six at once: asked so, two of them used to be ended by a signal.
    with running_broker(tmp_path) as address:
        command = [sys.executable, "-c", ASKING, address]
        environment = os.environ | {"PYTHONPATH": "platform"}
        asking = [subprocess.Popen(command, cwd=ROOT, env=environment) for _ in range(6)]
        assert [process.wait(180) for process in asking] == [0] * 6


def test_a_broker_that_comes_back_is_seen_again_by_the_same_process(tmp_path: Path, settings: Any) -> None:
    ports, observer = free_ports(2), Observer()
    settings.KAFKA = {"bootstrap.servers": f"127.0.0.1:{ports[0]}", "log_level": "0"}
    clients.admin.cache_clear()

    def is_seen_with_its_group() -> bool:
        seen = observer.observe()
        return isinstance(seen, Observation) and [each.group.name for each in seen.groups] == ["recorder"]

    with running_broker(tmp_path, ports):
        call_command("create_topics", stdout=StringIO())
        commit("recorder", clients.admin())
        wait_until(is_seen_with_its_group, "the broker is seen", 120)
    for _ in range(2):
        assert isinstance(observer.observe(), Outage)
    with running_broker(tmp_path, ports):
        wait_until(is_seen_with_its_group, "the broker is seen again", 120)
    clients.admin.cache_clear()
