import re

import pytest
from django.conf import settings

from config.celery import app
from native.driving.embedded import ROOT
from reconciliation.tasks import reconcile


def test_celery_compares_as_often_as_the_settings_say() -> None:
    entry = app.conf.beat_schedule["reconcile"]
    assert entry["task"] == reconcile.name
    assert entry["schedule"].total_seconds() == settings.RECONCILE_EVERY_MINUTES * 60


@pytest.mark.parametrize("file", ["supervisord.conf", "cluster.conf"])
def test_some_worker_takes_its_queue(file: str) -> None:
    queue = app.amqp.router.route({}, reconcile.name)["queue"].name
    conf = (ROOT / "native" / file).read_text()
    assert queue in ",".join(re.findall(r"worker --queues (\S+)", conf)).split(",")
