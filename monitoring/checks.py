"""Whether the parts that the platform depends on answer."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import perf_counter

import structlog
from celery import current_app
from django.conf import settings
from django.db import Error, connection
from django.db.models import Max
from django_celery_beat.models import PeriodicTask
from kombu import Connection

from database.errors import in_short
from monitoring.health import Part
from monitoring.processes import NoAnswer
from monitoring.processes import troubles as list_troubles
from monitoring.selectors import latest_snapshot
from monitoring.snapshot import Trouble, silence, what_is_known
from monitoring.writing import try_a_write
from notifications.delivery import ping_mail
from notifications.selectors import ping_alerting
from reconciliation import selectors as comparisons
from search import backends as search_backends
from streaming import clients
from streaming.connectors.connect import RUNNING, Connect, ConnectFailed, what_helps
from streaming.consuming import stops
from streaming.models import BurialStreak, StoppedGroup

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS = 1.5
"""How long a part has to answer; the whole takes hardly longer, since all are asked at once."""
BEAT_STANDS = timedelta(minutes=1)
"""It orders something every few seconds."""


class Down(RuntimeError):
    """A part does not answer; the message says what is wrong and what to see to, without names of hosts or accounts."""


class Unknown(RuntimeError):
    """Whoever knows how a part is does not say so; the message says who, and what to see to."""


class Pending(RuntimeError):
    """A part has not had its first turn yet; the message says when it has."""


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    needed: bool
    ask: Callable[[], float | None]
    """returns if the part answers, with the seconds it took if another asked it; raises Down, Unknown or Pending"""


def database() -> None:
    """Whether it answers, and takes changes."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        raise Down(
            f"The database does not answer ({in_short(error)}). See whether it runs, and whether DATABASE_URL names it."
        ) from error
    try:
        try_a_write()
    except Error as error:
        raise Down(
            f"The database answers, but takes no changes ({in_short(error)}). See whether it is read-only, whether "
            "its disk is full, and who holds a lock: docs/runbooks/store-down.md."
        ) from error


def kafka() -> float:
    """As run_monitor saw it last: the API itself never asks Kafka (docs/decisions/0010)."""
    try:
        snapshot = latest_snapshot()
    except Error as error:
        raise Unknown(
            f"The database, where run_monitor writes down how Kafka is, does not answer ({type(error).__name__})."
        ) from error
    known = what_is_known(snapshot, datetime.now(UTC))
    if isinstance(known, Trouble):
        raise Down(known.why) if known.is_known else Unknown(known.why)
    if why := silence(known):
        raise Down(why)
    return snapshot.seconds if snapshot else 0.0


def search() -> None:
    try:
        search_backends.ping()
    except Exception as error:
        # Each kind of search has errors of its own; all of them mean that searches are not answered.
        raise Down(
            f"Searches are not answered ({type(error).__name__}). See whether what SEARCH names runs, and whether it "
            "was prepared: `manage.py migrate` for a table, `manage.py prepare_index` for an index."
        ) from error


def alerting() -> None:
    """Whether Prometheus and Alertmanager have proven lately that alerts arrive."""
    try:
        ping_alerting()
    except Error as error:
        raise Unknown(
            f"The database, which knows when alerts last arrived, does not answer ({type(error).__name__})."
        ) from error
    except RuntimeError as error:
        raise Down(f"{error} See whether Prometheus and Alertmanager run: docs/runbooks/watchdog.md.") from error


def mail() -> None:
    """Whether e-mails go out, and reach whom they are for."""
    try:
        ping_mail()
    except Error as error:
        raise Unknown(
            f"The database, which knows what became of e-mails, does not answer ({type(error).__name__})."
        ) from error
    except RuntimeError as error:
        raise Down(str(error)) from error


def records() -> None:
    """Whether what arrives can be processed: no group stands still, and none buries one record after the other.

    The reasons may hold what only some may see: they stand in the logs and letters.
    """
    try:
        standing = [_of_stopped(each) for each in stops.stopped_groups()]
        burying = [_of_streak(each) for each in stops.streaks_going_on()]
    except Error as error:
        raise Unknown(
            f"The database, where workers write down what they bury, does not answer ({type(error).__name__})."
        ) from error
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


def registry() -> None:
    from streaming.schemas.registry import RegistryDown  # noqa: PLC0415 - its client takes memory, and is not needed everywhere

    try:
        clients.registry().ping()
    except RegistryDown as error:
        raise Down(
            "The schema registry does not answer. See whether it runs, and whether SCHEMA_IDS names it; "
            "what knows its schemas already goes on."
        ) from error


def connect() -> None:
    """Every connector and every task of it runs."""
    kafka_connect = Connect(settings.CONNECT_URL, settings.CA_FILE)
    try:
        states = {
            f"{part} of {name}": state
            for name in kafka_connect.names()
            for part, state in kafka_connect.status(name).states.items()
        }
    except ConnectFailed as error:
        raise Down("Kafka Connect does not answer. See whether it runs, and whether CONNECT_URL names it.") from error
    if not states:
        raise Down("Kafka Connect has no connectors: run `manage.py deploy_connectors`.")
    if wrong := [f"{part} is {state}" for part, state in states.items() if state != RUNNING]:
        raise Down(f"{', '.join(wrong)}. {what_helps(set(states.values()))}")


def processes() -> None:
    """Whoever runs the processes has given up none."""
    try:
        troubles = list_troubles(settings.SUPERVISOR)
    except NoAnswer as error:
        raise Unknown(
            f"supervisord, which starts processes again, does not answer ({error}). Start everything anew."
        ) from error
    if troubles:
        raise Down(
            f"{', '.join(troubles)}. The log of each says why; once that is mended, `supervisorctl start` it "
            "(docs/operations.md). What does not depend on it goes on."
        )


def celery_broker() -> None:
    with current_app.connection_for_write() as broker:
        try:
            broker.ensure_connection(max_retries=1, timeout=1)
            # Opening a channel says more than a connection: without a server, it makes sure of the folders.
            broker.default_channel  # noqa: B018 - a property that opens it
        except _errors_of(broker) as error:
            raise Down(
                f"Celery's broker does not answer ({type(error).__name__}). "
                "See whether it runs, and whether CELERY_BROKER_URL names it."
            ) from error


def celery_beat() -> None:
    """By what beat writes down of each task that it has ordered."""
    try:
        last = PeriodicTask.objects.filter(enabled=True).aggregate(last=Max("last_run_at"))["last"]
    except Error as error:
        raise Unknown(
            f"The database, where Celery's beat writes down what it orders, does not answer ({type(error).__name__})."
        ) from error
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
        comparisons.ping()
    except Error as error:
        raise Unknown(
            f"The database, where it stands how comparisons went, does not answer ({type(error).__name__})."
        ) from error
    except comparisons.NotYetCompared as error:
        raise Pending(str(error)) from error
    except comparisons.NotComparedLately as error:
        raise Unknown(str(error)) from error
    except comparisons.StagesDisagree as error:
        raise Down(str(error)) from error


def _errors_of(broker: Connection) -> tuple[type[BaseException], ...]:
    return (OSError, *broker.connection_errors, *broker.channel_errors)


def checks_of_this_place() -> list[Check]:
    """The parts that the settings name."""
    where_it_is_used = [
        (settings.SCHEMA_IDS.kind == "registry", Check("registry", False, registry)),
        (bool(settings.CONNECT_URL), Check("connect", False, connect)),
        (bool(settings.SUPERVISOR), Check("processes", False, processes)),
        (bool(settings.ALERTMANAGER_TOKEN), Check("alerting", False, alerting)),
        (bool(settings.RECONCILE_EVERY_MINUTES), Check("reconciliation", False, reconciliation)),
    ]
    return [
        Check("database", True, database),
        Check("kafka", False, kafka),
        Check("search", False, search),
        Check("celery broker", False, celery_broker),
        Check("celery beat", False, celery_beat),
        Check("mail", False, mail),
        Check("records", False, records),
        *(check for is_used, check in where_it_is_used if is_used),
    ]


def needed() -> list[Check]:
    """The parts without which the API takes no orders."""
    return [check for check in checks_of_this_place() if check.needed]


def ask_all(checks: Sequence[Check] | None = None, timeout: float = TIMEOUT_SECONDS) -> list[Part]:
    """What every part answers, all asked at once; one that is silent for `timeout` seconds counts as down."""
    checks = checks_of_this_place() if checks is None else checks
    pool = ThreadPoolExecutor(max_workers=len(checks), thread_name_prefix="health")
    answers = [pool.submit(_ask, check) for check in checks]
    wait(answers, timeout)
    pool.shutdown(wait=False, cancel_futures=True)
    return [_answer_or_silence(*each, timeout) for each in zip(checks, answers, strict=True)]


def _ask(check: Check) -> Part:
    start = perf_counter()
    why, is_known, is_due, seconds = "", True, True, None
    try:
        seconds = check.ask()
    except (Down, Unknown) as trouble:
        why, is_known = str(trouble), isinstance(trouble, Down)
        log.warning("a part is not up", part=check.name, why=why)
    except Pending as pending:
        why, is_due = str(pending), False
    except Exception as error:
        # Whatever the reason, the answer to "does it work?" is no; the log keeps the whole story.
        log.exception("a check failed", part=check.name)
        why = f"Its check failed with {type(error).__name__}; the log says more."
    finally:
        connection.close()  # this thread's own
    seconds = perf_counter() - start if seconds is None else seconds
    return Part(check.name, check.needed, round(seconds * 1000, 1), why, is_known, is_due)


def _answer_or_silence(check: Check, answer: "Future[Part]", timeout: float) -> Part:
    if answer.done():
        return answer.result()
    return Part(check.name, check.needed, timeout * 1000, f"It did not answer within {timeout} s.")
