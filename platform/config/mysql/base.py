from collections.abc import Iterable
from time import monotonic
from typing import Any

from django.db.backends.mysql import base, operations
from django.db.models.constants import OnConflict
from MySQLdb.constants import FIELD_TYPE

from config.moments import read_utc

TRUSTED_SECONDS = 1
"""So long after a request, a connection is taken to hold still. If it does not, one request is answered 503."""


class DatabaseOperations(operations.DatabaseOperations):
    """Passes over rows that are there already, and over nothing else.

    Django's own backend says INSERT IGNORE for bulk_create(ignore_conflicts=True), which besides cuts what is too long,
    clips numbers, and drops rows that break a constraint, all without an error. Here a row that is there already is
    updated by nothing, and whatever else is wrong is an error.
    """

    def get_db_converters(self, expression: Any) -> list[Any]:
        converters = super().get_db_converters(expression)
        return [each for each in converters if each != self.convert_datetimefield_value]  # the driver has done so

    def insert_statement(self, on_conflict: Any = None) -> str:
        return "INSERT INTO" if on_conflict == OnConflict.IGNORE else super().insert_statement(on_conflict)

    def on_conflict_suffix_sql(
        self, fields: Any, on_conflict: Any, update_fields: Iterable[str], unique_fields: Iterable[str]
    ) -> str:
        if on_conflict != OnConflict.IGNORE:
            return str(super().on_conflict_suffix_sql(fields, on_conflict, update_fields, unique_fields))
        column = self.quote_name(fields[0].column)
        return f"ON DUPLICATE KEY UPDATE {column} = {column}"


class DatabaseWrapper(base.DatabaseWrapper):
    """Spares round trips: those of a request cost more than what it asks."""

    ops_class = DatabaseOperations
    _used_at = 0.0

    def get_connection_params(self) -> dict[str, Any]:
        parameters: dict[str, Any] = super().get_connection_params()
        read = {FIELD_TYPE.DATETIME: read_utc, FIELD_TYPE.TIMESTAMP: read_utc}
        return parameters | {"conv": parameters["conv"] | read}

    def _start_transaction_under_autocommit(self) -> None:
        # Django's own switches autocommit off before a transaction and on after it, with a round trip each.
        with self.cursor() as cursor:
            cursor.execute("START TRANSACTION")

    def close_if_health_check_failed(self) -> None:
        # One that answered a moment ago need not be asked whether it does.
        if monotonic() - self._used_at < TRUSTED_SECONDS:
            self.health_check_done = True
        super().close_if_health_check_failed()

    def close_if_unusable_or_obsolete(self) -> None:
        """Called at the begin and at the end of each request; at the end of one that has used it, it works."""
        if self.health_check_done and not self.errors_occurred:
            self._used_at = monotonic()
        super().close_if_unusable_or_obsolete()
