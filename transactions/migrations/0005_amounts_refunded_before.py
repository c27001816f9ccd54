"""Orders that were refunded before amounts were kept were refunded as a whole."""

from typing import Any

from django.db import migrations, models

PORTION = 20_000
"""ids in one statement: its locks last some tenths of a second, whatever the table's size"""


def note_refunded(apps: Any, schema_editor: Any) -> None:
    rows = apps.get_model("transactions", "Transaction").objects.using(schema_editor.connection.alias)
    last = rows.aggregate(last=models.Max("pk"))["last"] or 0
    for first in range(0, last + 1, PORTION):
        some = rows.filter(pk__gte=first, pk__lt=first + PORTION, status="REFUNDED", kind="ORDER", refunded_amount=0)
        some.update(refunded_amount=models.F("amount"))


class Migration(migrations.Migration):
    atomic = False  # a portion done stays done; what was done is not done again

    dependencies = [("transactions", "0004_partial_refunds")]

    operations = [migrations.RunPython(note_refunded, migrations.RunPython.noop)]
