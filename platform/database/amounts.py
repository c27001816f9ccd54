"""Columns of amounts of money, as fine as the shop's currency, and the proof that a database has them so."""

import re
from contextlib import suppress
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

MAX_DIGITS = 18
PARTS = {2: "hundredths", 3: "thousandths"}

DECLARED = {
    "sqlite": "SELECT type FROM pragma_table_info(%s) WHERE name = %s",
    "mysql": "SELECT column_type FROM information_schema.columns"
    " WHERE table_schema = DATABASE() AND table_name = %s AND column_name = %s",
}
"""asks how a table's column was declared"""


class KeptOtherwise(ImproperlyConfigured, CommandError):
    """The database was made for a currency of other decimals: the same digits would be other amounts."""


class AmountField(models.DecimalField):  # type: ignore[type-arg] # generic to the type checker only
    """An amount with the decimals that the shop's currency needs: two, or three.

    Migrations do not say how many, so the setting decides once, when the table is made.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=MAX_DIGITS, decimal_places=settings.CURRENCY.kept_digits, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("max_digits")
        kwargs.pop("decimal_places")
        return name, path, args, kwargs

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        # SQLite's columns have the same affinity either way, and remember what they were made for.
        of_three = connection.vendor == "sqlite" and self.decimal_places == 3
        return f"decimal({MAX_DIGITS}, 3)" if of_three else super().db_type(connection)


class Proof:
    """Asks the first connections of a process to a database, until one has columns of amounts that are as they must.

    Called for each new connection, as a receiver of connection_created; raises KeptOtherwise.
    """

    def __init__(self) -> None:
        self._is_given = False

    def __call__(self, connection: BaseDatabaseWrapper, **_: Any) -> None:
        if not self._is_given and connection.vendor in DECLARED:
            try:
                self._is_given = _is_kept_right(connection)
            except BaseException:
                connection.close()  # the next one is to ask again, rather than to be used
                raise


def look() -> None:
    """Connect once, for a process that is to end at once rather than at its first question; raises KeptOtherwise."""
    # Of a database that is away, its first connection is asked later.
    with suppress(OperationalError, InterfaceError):
        connections[DEFAULT_DB_ALIAS].ensure_connection()
    # Processes may be forked from this one.
    connections[DEFAULT_DB_ALIAS].close()


def _is_kept_right(connection: BaseDatabaseWrapper) -> bool:
    """False: there are no such columns yet."""
    fields = [
        field
        for model in apps.get_models()
        for field in model._meta.local_concrete_fields
        if isinstance(field, AmountField)
    ]
    found = {digits for field in fields if (digits := _kept_digits(connection, field)) is not None}
    currency = settings.CURRENCY
    if others := found - {currency.kept_digits}:
        kept = others.pop()
        fitting = "of three decimals such as KWD" if kept == 3 else "of at most two decimals such as EUR"
        raise KeptOtherwise(
            f"The database {connection.settings_dict['NAME']} keeps amounts in {PARTS[kept]}, and CURRENCY="
            f"{currency.code} needs {PARTS[currency.kept_digits]}: set CURRENCY to one {fitting}, or DATABASE_URL to "
            "an empty database."
        )
    return bool(found)


def _kept_digits(connection: BaseDatabaseWrapper, field: AmountField) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(DECLARED[connection.vendor], [field.model._meta.db_table, field.column])
        row = cursor.fetchone()
    if row is None:
        return None
    digits = re.search(r",\s*(\d+)\)", row[0])
    return int(digits[1]) if digits else 2
