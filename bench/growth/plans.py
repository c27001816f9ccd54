"""Which queries a question takes, how long each, and by what plan the database answers the slow ones."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, connection

SLOW_MS = 20
SHOWN = 400
"""characters of a statement"""
EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN ", "mysql": "EXPLAIN FORMAT=TREE "}


@dataclass(frozen=True, slots=True)
class Query:
    ms: float
    sql: str
    parameters: Any


@contextmanager
def watched() -> Iterator[list[Query]]:
    """The queries of the body, with the time that each took."""
    queries: list[Query] = []

    def run(execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, parameters, many, context)
        finally:
            queries.append(Query(1000 * (time.perf_counter() - began), sql, parameters))

    with connection.execute_wrapper(run):
        yield queries


def slow(queries: list[Query], *, plans: bool) -> list[dict[str, Any]]:
    """The slowest three, as they are written down; with their plans, if they are wanted and the statement has one."""
    slowest = sorted((query for query in queries if query.ms >= SLOW_MS), key=lambda query: -query.ms)[:3]
    return [
        {"ms": round(query.ms, 1), "sql": query.sql[:SHOWN]}
        | ({"plan": plan(query)} if plans and is_read(query) else {})
        for query in slowest
    ]


def is_read(query: Query) -> bool:
    return query.sql.lstrip("( ").startswith("SELECT")


def plan(query: Query) -> list[str]:
    """The lines of the plan by which the database answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(EXPLAIN[connection.vendor] + query.sql, query.parameters)
            rows = cursor.fetchall()
    except DatabaseError as error:
        return [f"none: {error}"[:SHOWN]]
    if connection.vendor == "sqlite":
        return [row[3] for row in rows]
    return [line.strip() for line in rows[0][0].splitlines()]
