"""Several who want the same rows of MySQL, brought together at one statement."""

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from typing import Any

from django.db import connection
from django.db.models import Model

BOTH_ARE_THERE_SECONDS = 2.0


def at_once(calls: Sequence[Callable[[], Any]], meeting_at: Callable[[str], object]) -> list[Any]:
    """What each returns or raises, where all have done a statement (its SQL → whether it is that) before any goes on.

    Who waits for another's lock does not come to where the other waits for it: that one goes on after some seconds.
    """
    everybody = Barrier(len(calls), timeout=BOTH_ARE_THERE_SECONDS)

    def meet(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        done = execute(sql, params, many, context)
        if meeting_at(sql):
            _wait(everybody)
        return done

    def run(call: Callable[[], Any]) -> Any:
        try:
            with connection.execute_wrapper(meet):
                return call()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def reads(model: type[Model]) -> Callable[[str], object]:
    return lambda sql: sql.startswith("SELECT") and f"FROM `{model._meta.db_table}`" in sql


def locks(model: type[Model]) -> Callable[[str], object]:
    return lambda sql: reads(model)(sql) and sql.endswith("FOR UPDATE")


def writes_to(model: type[Model]) -> Callable[[str], object]:
    return re.compile(f"(INSERT INTO|UPDATE) `?{model._meta.db_table}").match


def _wait(everybody: Barrier) -> None:
    # Broken where somebody waits for a lock of ours.
    with suppress(BrokenBarrierError):
        everybody.wait()
