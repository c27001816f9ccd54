"""Whether the parts that the platform depends on answer."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from time import perf_counter

import structlog
from django.conf import settings
from django.db import connection

from monitoring import server_checks, stored_checks
from monitoring.health import Down, Part, Pending, Unknown

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS = 1.5
"""How long a part has to answer; the whole takes hardly longer, since all are asked at once."""


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    needed: bool
    ask: Callable[[], float | None]
    """returns if the part answers, with the seconds it took if another asked it; raises Down, Unknown or Pending"""


def checks_of_this_place() -> list[Check]:
    """The parts that the settings name."""
    where_it_is_used = [
        (settings.SCHEMA_IDS.kind == "registry", Check("registry", False, server_checks.registry)),
        (bool(settings.CONNECT_URL), Check("connect", False, server_checks.connect)),
        (bool(settings.SUPERVISOR), Check("processes", False, server_checks.processes)),
        (bool(settings.ALERTMANAGER_TOKEN), Check("alerting", False, stored_checks.alerting)),
        (bool(settings.RECONCILE_EVERY_MINUTES), Check("reconciliation", False, stored_checks.reconciliation)),
    ]
    return [
        Check("database", True, server_checks.database),
        Check("kafka", False, stored_checks.kafka),
        Check("search", False, server_checks.search),
        Check("celery broker", False, server_checks.celery_broker),
        Check("celery beat", False, stored_checks.celery_beat),
        Check("mail", False, stored_checks.mail),
        Check("records", False, stored_checks.records),
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
