"""What users' hourly totals come to so far, for the whole shop; `manage.py reconcile --repair` does the same later."""

from django.db import migrations, transaction
from django.db.models import Sum

from database.portions import portions_of_table

SUMS = ("total_cents", "transaction_count", "settled_cents", "failed_cents", "refunded_cents")


def add_up(apps, schema_editor):
    alias = schema_editor.connection.alias
    totals = apps.get_model("analytics", "HourlyTotal").objects.using(alias)
    model = apps.get_model("analytics", "ShopHour")
    hours = {}
    for rows in portions_of_table(totals.all(), by="hour"):
        for row in rows.values("hour").annotate(**{f"sum_of_{name}": Sum(name) for name in SUMS}):
            sums = [row[f"sum_of_{name}"] for name in SUMS]
            hours[row["hour"]] = [a + b for a, b in zip(hours.get(row["hour"], [0] * len(SUMS)), sums)]
    with transaction.atomic(using=alias):
        model.objects.using(alias).all().delete()  # of a run that was ended
        model.objects.using(alias).bulk_create(
            (model(hour=hour, **dict(zip(SUMS, map(int, sums)))) for hour, sums in sorted(hours.items())), batch_size=100
        )


class Migration(migrations.Migration):

    atomic = False  # it reads for long, and writes at once

    dependencies = [
        ('analytics', '0003_shop_hours'),
    ]

    operations = [migrations.RunPython(add_up, migrations.RunPython.noop)]
