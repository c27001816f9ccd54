"""What stands in the tables of totals, to those in the order of hours; and back."""

from django.db import connections, migrations
from django.db.models.expressions import RawSQL

from database.portions import portions_of_table

SUMS = ("total_cents", "transaction_count", "settled_cents", "failed_cents", "refunded_cents")
TO_HOURS = {
    "sqlite": "CAST(strftime('%%s', hour) AS INTEGER) / 3600",
    "mysql": "TIMESTAMPDIFF(HOUR, '1970-01-01', hour)",
}
TO_MOMENTS = {
    "sqlite": "datetime(hour * 3600, 'unixepoch')",
    "mysql": "TIMESTAMPADD(HOUR, hour, TIMESTAMP'1970-01-01 00:00:00')",
}


def forwards(apps, schema_editor):
    move(apps, schema_editor.connection.alias, "HourlyTotal", "NewHourlyTotal", TO_HOURS, ["user_id"])
    move(apps, schema_editor.connection.alias, "ShopHour", "NewShopHour", TO_HOURS)


def backwards(apps, schema_editor):
    move(apps, schema_editor.connection.alias, "NewHourlyTotal", "HourlyTotal", TO_MOMENTS, ["user_id"])
    move(apps, schema_editor.connection.alias, "NewShopHour", "ShopHour", TO_MOMENTS)


def move(apps, alias, source, target, converted, others=()):
    """All rows, in the order of their hours; those of each hour by the columns `others`."""
    connection = connections[alias]
    rows, into = (apps.get_model("analytics", name).objects.using(alias) for name in (source, target))
    into.all().delete()  # of a run that was ended
    columns = ("hour", *others, *SUMS)
    hour = RawSQL(converted[connection.vendor], ())
    for portion in portions_of_table(rows.all(), by="hour"):
        moved = portion.annotate(converted=hour).values_list("converted", *columns[1:]).order_by("hour", *others)
        sql, params = moved.query.get_compiler(alias).as_sql()
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {into.model._meta.db_table} ({', '.join(columns)}) {sql}", params)


class Migration(migrations.Migration):

    atomic = False  # it writes for long, a portion at a time

    dependencies = [
        ('analytics', '0005_totals_by_hour'),
    ]

    operations = [migrations.RunPython(forwards, backwards)]
