"""Whether the process of this container does its work: what its healthcheck in compose/docker-compose.yml asks.

python -m compose.docker.alive api | worker GROUP | relay | monitor | watch | celery | beat

ends with 0 if so, else with the reason.
"""
# ruff: noqa: PLC0415 - healthchecks run again and again, so each imports only what it needs

import os
import socket
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from time import time

from native.loopback import urlopen
from native.with_env import variables

SECRETS = Path("/run/secrets")
OWN_FILES = ("platform.env", "kafka.env")
API = "http://127.0.0.1:8000/health/ready"
TIMEOUT_SECONDS = 8
RELAYED_WITHIN = timedelta(minutes=1)
# Beat writes down when it last sent each task, three minutes after its start for the first time, and every three then.
NOTHING_WRITTEN_YET = timedelta(minutes=4)
SENT_WITHIN = timedelta(minutes=7)


class NotWell(RuntimeError):
    """What is wrong."""


def api() -> None:
    """Its needed parts answer, too; urlopen raises for any other answer."""
    with urlopen(API, timeout=TIMEOUT_SECONDS):
        pass


def worker(group: str) -> None:
    """This container's worker is a member of its consumer group: one that hangs would have been put out of it."""
    from confluent_kafka.admin import AdminClient

    from streaming import client_properties

    settings = {
        name.removeprefix("KAFKA_").lower().replace("_", "."): value
        for name, value in cluster_settings().items()
        if name.startswith("KAFKA_") and value
    }
    # Held by a name: an AdminClient that is gone answers nothing.
    admin = AdminClient(client_properties.known(settings))
    described = admin.describe_consumer_groups([group], request_timeout=TIMEOUT_SECONDS)[group].result(TIMEOUT_SECONDS)
    expected = f"{group}-{socket.gethostname()}"
    members = {member.group_instance_id for member in described.members}
    if expected not in members:
        raise NotWell(f"{expected} is no member of the group {group}, which has {sorted(members, key=str)}.")


def cluster_settings() -> dict[str, str]:
    """Our processes' variables: the file that PLATFORM_ENV names, under the environment."""
    return variables([Path(os.environ["PLATFORM_ENV"])]) | dict(os.environ)


def relay() -> None:
    """Nothing has waited long in the outbox."""
    start_django()
    from django.utils import timezone

    from streaming.models import OutboxMessage

    # By the key, since the table has no index on the time.
    first = OutboxMessage.objects.order_by("pk").values_list("created_at", flat=True).first()
    if first and first < timezone.now() - RELAYED_WITHIN:
        raise NotWell(f"The first row of the outbox has waited since {first}, for more than {RELAYED_WITHIN}.")


def monitor() -> None:
    """It has written down lately how Kafka is, were it that Kafka is down."""
    start_django()
    from django.utils import timezone

    from monitoring.selectors import latest_snapshot
    from monitoring.snapshot import STALE

    snapshot = latest_snapshot()
    if snapshot is None or timezone.now() - snapshot.at > STALE:
        raise NotWell(f"the latest snapshot of Kafka is {snapshot and snapshot.at}.")


def watch() -> None:
    """Connect answers whoever watches over it; urlopen raises otherwise."""
    with urlopen(f"{cluster_settings()['CONNECT_URL']}/connectors", timeout=TIMEOUT_SECONDS):
        pass


def celery() -> None:
    """This container's worker answers a ping."""
    start_django()
    from config import celery_app

    name = f"celery@{socket.gethostname()}"
    if not celery_app.control.inspect(destination=[name], timeout=TIMEOUT_SECONDS).ping():
        raise NotWell(f"{name} does not answer within {TIMEOUT_SECONDS} s.")


def beat() -> None:
    """Some task was sent lately, or it is too early to know."""
    import psutil

    if time() - psutil.Process(1).create_time() < NOTHING_WRITTEN_YET.total_seconds():
        return
    start_django()
    from django.utils import timezone
    from django_celery_beat.models import PeriodicTask

    if not PeriodicTask.objects.filter(last_run_at__gt=timezone.now() - SENT_WITHIN).exists():
        raise NotWell(f"no task was sent within {SENT_WITHIN}.")


def start_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()


CHECKS: dict[str, Callable[..., None]] = {
    check.__name__: check for check in (api, worker, relay, monitor, watch, celery, beat)
}


def main() -> None:
    what, *details = sys.argv[1:]
    # A healthcheck starts beside the container's process, without the variables that this one was given.
    os.environ |= variables(file for name in OWN_FILES if (file := SECRETS / name).exists())
    try:
        CHECKS[what](*details)
    except (NotWell, OSError) as reason:
        sys.exit(f"{what}: {reason}")


if __name__ == "__main__":
    main()
