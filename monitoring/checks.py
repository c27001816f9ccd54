"""Whether the parts that the platform depends on answer."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from time import perf_counter

import structlog
from celery import current_app
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error, connection
from kombu import Connection

from monitoring.health import Part
from streaming import clients, cluster

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS = 1.5
"""How long a part has to answer; the whole takes hardly longer, since all are asked at once."""


class Down(RuntimeError):
    """A part does not answer; the message says what is wrong and what to see to, without names of hosts or accounts."""


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    needed: bool
    ask: Callable[[], None]
    """returns if the part answers; raises Down"""


def database() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        raise Down(
            f"The database does not answer ({type(error).__name__}). "
            "See whether it runs, and whether DATABASE_URL names it."
        ) from error


def kafka() -> None:
    try:
        cluster.ping(clients.admin(), TIMEOUT_SECONDS - 0.2)
    except (cluster.Unreachable, ImproperlyConfigured) as error:
        raise Down(str(error)) from error


def search() -> None:
    """What answers searches; at present always a table."""
    kind, _, model = settings.SEARCH.partition(":")
    if kind != "database":
        raise Down(f"No check is written for search by {kind}: add one to monitoring/checks.py.")
    try:
        apps.get_model(model)._default_manager.exists()
    except Error as error:
        raise Down(
            f"The table that answers searches cannot be read ({type(error).__name__}). Run `manage.py migrate`."
        ) from error


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


def _errors_of(broker: Connection) -> tuple[type[BaseException], ...]:
    return (OSError, *broker.connection_errors, *broker.channel_errors)


CHECKS: Sequence[Check] = (
    Check("database", True, database),
    Check("kafka", True, kafka),
    Check("search", False, search),
    Check("celery broker", False, celery_broker),
)


def ask_all(checks: Sequence[Check] = CHECKS, timeout: float = TIMEOUT_SECONDS) -> list[Part]:
    """What every part answers, all asked at once; one that is silent for `timeout` seconds counts as down."""
    pool = ThreadPoolExecutor(max_workers=len(checks), thread_name_prefix="health")
    answers = [pool.submit(_ask, check) for check in checks]
    wait(answers, timeout)
    pool.shutdown(wait=False, cancel_futures=True)
    return [_answer_or_silence(*each, timeout) for each in zip(checks, answers, strict=True)]


def _ask(check: Check) -> Part:
    start = perf_counter()
    why = ""
    try:
        check.ask()
    except Down as down:
        why = str(down)
        log.warning("a part is down", part=check.name, why=why)
    except Exception as error:
        # Whatever the reason, the answer to "does it work?" is no; the log keeps the whole story.
        log.exception("a check failed", part=check.name)
        why = f"Its check failed with {type(error).__name__}; the log says more."
    finally:
        connection.close()  # this thread's own
    return Part(check.name, check.needed, _milliseconds_since(start), why)


def _answer_or_silence(check: Check, answer: "Future[Part]", timeout: float) -> Part:
    if answer.done():
        return answer.result()
    return Part(check.name, check.needed, timeout * 1000, f"It did not answer within {timeout} s.")


def _milliseconds_since(start: float) -> float:
    return round((perf_counter() - start) * 1000, 1)
