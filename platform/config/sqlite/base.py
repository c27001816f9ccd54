import os
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from django.core.management.base import CommandError
from django.db import OperationalError
from django.db.backends.sqlite3 import base, features, operations, schema
from django.db.models import CompositePrimaryKey, Model

from config.moments import read_utc
from database.triggers import definitions

PRIMARY = 0xFF
"""the part of SQLite's codes of errors that says what kind they are of"""
ASKS_EVERY_SECONDS = 0.002
IN_MEMORY = (":memory:", "file:")


class NoDatabase(OperationalError, CommandError):
    """There is no file of this name; a sentence for whoever started a command, as any outage to everybody else."""


def identity(file: str) -> tuple[int, int] | None:
    """What a file is, whatever becomes of its name; None: there is none, as of a database in memory."""
    try:
        found = os.stat(file)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


class DatabaseFeatures(features.DatabaseFeatures):
    # Django's own asks the database, which checks of the project need not have.
    supports_json_field = True


class DatabaseOperations(operations.DatabaseOperations):
    def convert_datetimefield_value(self, value: Any, expression: Any, connection: Any) -> datetime | None:
        # Where SQLite knows no column's type, as of the least of many, it gives text.
        return read_utc(value) if isinstance(value, str) else value

    def sql_flush(self, style: Any, tables: Sequence[str], **options: Any) -> list[str]:
        """Who empties a whole database, as tests do, empties tables too whose triggers refuse it."""
        refusing = definitions(self.connection, tables)
        emptying = super().sql_flush(style, tables, **options)
        return [*(f"DROP TRIGGER {self.quote_name(name)}" for name in refusing), *emptying, *refusing.values()]


class DatabaseSchemaEditor(schema.DatabaseSchemaEditor):
    def table_sql(self, model: type[Model]) -> tuple[str, list[Any]]:
        """With rows in the order of a key of several columns, as InnoDB has those of any key."""
        sql, params = super().table_sql(model)
        return (f"{sql} WITHOUT ROWID" if isinstance(model._meta.pk, CompositePrimaryKey) else sql), params


for name in ("datetime", "timestamp"):
    sqlite3.register_converter(name, lambda raw: read_utc(raw.decode()))


@lru_cache(maxsize=100)
def with_question_marks(query: str) -> str:
    """A query as SQLite takes it. To write that of a thousand rows anew each time costs as much as to insert some."""
    return str(base.FORMAT_QMARK_REGEX.sub("?", query)).replace("%%", "%")


class Cursor(base.SQLiteCursorWrapper):
    wrapper: "DatabaseWrapper"

    def execute(self, query: str, params: Any = None) -> Any:
        self.wrapper.begin_if_due()
        return super().execute(query, params)

    def executemany(self, query: str, param_list: Any) -> Any:
        self.wrapper.begin_if_due()
        return super().executemany(query, param_list)

    def convert_query(self, query: str, *, param_names: list[str] | None = None) -> str:
        return (
            with_question_marks(query) if param_names is None else super().convert_query(query, param_names=param_names)
        )


class DatabaseWrapper(base.DatabaseWrapper):
    """SQLite that makes no file by being asked: an empty database would answer that there are no orders.

    A transaction begins, and keeps all other writers waiting, with its first statement, as it takes its locks on MySQL:
    what is computed before that holds nobody up (docs/decisions/0075).
    """

    features_class = DatabaseFeatures
    ops_class = DatabaseOperations
    SchemaEditorClass = DatabaseSchemaEditor
    _is_begin_due = False

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        file = str(conn_params["database"])
        if not file.startswith(IN_MEMORY) and not Path(file).exists():
            raise NoDatabase(
                f"There is no database {file}. `manage.py migrate` makes it; beside a running demo or cluster, "
                '`make manage ARGS="…"` or `. var/demo.env` says where theirs is.'
            )
        connection = super().get_new_connection(conn_params)
        self._file = identity(file)
        return connection

    def create_cursor(self, name: str | None = None) -> Any:
        cursor = self.connection.cursor(factory=Cursor)
        cursor.wrapper = self
        return cursor

    def _start_transaction_under_autocommit(self) -> None:
        self.ensure_connection()
        self._is_begin_due = True

    def _commit(self) -> None:
        self._is_begin_due = False
        super()._commit()  # type: ignore[misc] # the stubs leave it out

    def _rollback(self) -> None:
        self._is_begin_due = False
        super()._rollback()  # type: ignore[misc] # the stubs leave it out

    def _close(self) -> None:
        self._is_begin_due = False
        super()._close()  # type: ignore[misc] # the stubs leave it out

    def begin_if_due(self) -> None:
        if self._is_begin_due:
            self._begin()
            self._is_begin_due = False

    def _begin(self) -> None:
        """BEGIN IMMEDIATE, asked again and again until nobody else writes, for as long as this connection waits.

        SQLite's own waiting sleeps longer the longer it has waited, up to 100 ms: whoever has just come is served
        first, and a few requests wait for a second where most wait for milliseconds. Here all ask alike.
        """
        with self.wrap_database_errors:
            [patience] = self.connection.execute("PRAGMA busy_timeout").fetchone()
            until = monotonic() + patience / 1000
            self.connection.execute("PRAGMA busy_timeout = 0")
            try:
                while not self._begins(is_last_time=monotonic() > until):
                    sleep(ASKS_EVERY_SECONDS)
            finally:
                self.connection.execute(f"PRAGMA busy_timeout = {patience}")

    def _begins(self, *, is_last_time: bool) -> bool:
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & PRIMARY != sqlite3.SQLITE_BUSY or is_last_time:
                raise
            return False
        return True

    def is_usable(self) -> bool:
        """Whether the file that was opened is still the one of this name."""
        return self._file == identity(str(self.settings_dict["NAME"]))
