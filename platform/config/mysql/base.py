from collections.abc import Iterable
from typing import Any

from django.db.backends.mysql import base, operations
from django.db.models.constants import OnConflict


class DatabaseOperations(operations.DatabaseOperations):
    """Passes over rows that are there already, and over nothing else.

    Django's own backend says INSERT IGNORE for bulk_create(ignore_conflicts=True), which besides cuts what is too long,
    clips numbers, and drops rows that break a constraint, all without an error. Here a row that is there already is
    updated by nothing, and whatever else is wrong is an error.
    """

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
    ops_class = DatabaseOperations
