"""How old lines leave the audit log."""

from datetime import datetime

from django.db import connection, transaction

from audit.models import AuditLine
from database.deleting import delete_in_portions
from database.triggers import lifted

SECONDS_AT_ONCE = 1.0
"""so long others wait at the most to add a line, on SQLite"""


def forget_before(moment: datetime) -> int:
    """Delete the lines that are older; returns how many.

    On MySQL only the account that made the table may do so; raises OperationalError (1644) for another one.
    """
    forgotten = 0
    while some := _forget_some(moment):
        forgotten += some
    return forgotten


@transaction.atomic
def _forget_some(moment: datetime) -> int:
    with lifted(connection, AuditLine._meta.db_table):
        return delete_in_portions(AuditLine.objects.filter(at__lt=moment).order_by("at"), seconds=SECONDS_AT_ONCE)
