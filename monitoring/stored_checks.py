"""How the parts are that write down in the database how they do: nobody else is asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from django.db import Error
from django.db.models import Max
from django_celery_beat.models import PeriodicTask

from monitoring.health import Down, Pending, Unknown
from monitoring.selectors import latest_snapshot
from monitoring.snapshot import Trouble, silence, what_is_known
from notifications.delivery import MailFails, ping_mail
from notifications.selectors import NoHeartbeat, ping_alerting
from reconciliation import selectors as comparisons
from streaming.consuming import stops
from streaming.models import BurialStreak, StoppedGroup

BEAT_STANDS = timedelta(minutes=1)
"""It orders something every few seconds."""


@contextmanager
def from_database(what_it_knows: str) -> Iterator[None]:
    """What is read here nobody knows while the database does not answer: raises Unknown, then."""
    try:
        yield
    except Error as error:
        raise Unknown(f"The database, {what_it_knows}, does not answer ({type(error).__name__}).") from error


def kafka() -> float:
    """As run_monitor saw it last: the API itself never asks Kafka (docs/decisions/0010)."""
    with from_database("where run_monitor writes down how Kafka is"):
        snapshot = latest_snapshot()
    known = what_is_known(snapshot, datetime.now(UTC))
    if isinstance(known, Trouble):
        raise Down(known.why) if known.is_known else Unknown(known.why)
    if why := silence(known):
        raise Down(why)
    return snapshot.seconds if snapshot else 0.0


def alerting() -> None:
    """Whether Prometheus and Alertmanager have proven lately that alerts arrive."""
    try:
        with from_database("which knows when alerts last arrived"):
            ping_alerting()
    except NoHeartbeat as error:
        raise Down(f"{error} See whether Prometheus and Alertmanager run: docs/runbooks/watchdog.md.") from error


def mail() -> None:
    """Whether e-mails go out, and reach whom they are for."""
    try:
        with from_database("which knows what became of e-mails"):
            ping_mail()
    except MailFails as error:
        raise Down(str(error)) from error


def records() -> None:
    """Whether what arrives can be processed: no group stands still, and none buries one record after the other.

    The reasons may hold what only some may see: they stand in the logs and letters.
    """
    with from_database("where workers write down what they bury"):
        standing = [_of_stopped(each) for each in stops.stopped_groups()]
        burying = [_of_streak(each) for each in stops.streaks_going_on()]
    if standing or burying:
        raise Down(" ".join([*standing, *burying]))


def _of_stopped(each: StoppedGroup) -> str:
    return (
        f"The consumer group {each.group} stands still since {each.since:%Y-%m-%d %H:%M:%S} UTC: too many records in a "
        f"row were buried, the last one at offset {each.offset} of {each.topic}[{each.partition}]. See "
        f"docs/runbooks/group-stopped.md; `manage.py resume {each.group}` lets it go on."
    )


def _of_streak(each: BurialStreak) -> str:
    return (
        f"The consumer group {each.group} has buried {each.in_a_row:,} records in a row of "
        f"{each.topic}[{each.partition}], the last one at offset {each.offset}: see docs/runbooks/burial-streak.md."
    )


def celery_beat() -> None:
    """By what beat writes down of each task that it has ordered."""
    with from_database("where Celery's beat writes down what it orders"):
        last = PeriodicTask.objects.filter(enabled=True).aggregate(last=Max("last_run_at"))["last"]
    if last is None:
        raise Unknown("Celery's beat has not ordered anything yet. See whether it runs.")
    if datetime.now(UTC) - last > BEAT_STANDS:
        raise Down(
            f"Celery's beat has ordered nothing since {last:%Y-%m-%d %H:%M:%S} UTC: no e-mail goes out, nothing is "
            "compared or purged. See whether it runs, and its log."
        )


def reconciliation() -> None:
    """How the last comparison of all stages went."""
    try:
        with from_database("where it stands how comparisons went"):
            comparisons.ping()
    except comparisons.NotYetCompared as error:
        raise Pending(str(error)) from error
    except comparisons.NotComparedLately as error:
        raise Unknown(str(error)) from error
    except comparisons.StagesDisagree as error:
        raise Down(str(error)) from error
