"""How alerts stand, and how long decisions have taken so far."""

from collections import Counter
from datetime import timedelta

from django.db import migrations, transaction
from django.db.models import Count

from database.portions import portions_of_table
from fraud.buckets import bucket_of

CLOSED = ("CONFIRMED", "DISMISSED")


def add_up(apps, schema_editor):
    alias = schema_editor.connection.alias
    of = {name: apps.get_model("fraud", name) for name in ("FraudAlert", "AlertEntry", "AlertCount", "DecisionTime")}
    alerts, decisions, micros = Counter(), Counter(), Counter()
    for rows in portions_of_table(of["FraudAlert"].objects.using(alias)):
        for rule, status, number in rows.values_list("rule", "status").annotate(Count("pk")):
            alerts[rule, status] += number
    for rows in portions_of_table(of["AlertEntry"].objects.using(alias)):
        made = rows.filter(status__in=CLOSED).exclude(previous_status__in=CLOSED)
        for rule, raised_at, status, at in made.values_list("alert__rule", "alert__raised_at", "status", "at"):
            key = rule, status, bucket_of(at - raised_at)
            decisions[key] += 1
            micros[key] += (at - raised_at) // timedelta(microseconds=1)
    with transaction.atomic(using=alias):
        for name in ("AlertCount", "DecisionTime"):
            of[name].objects.using(alias).all().delete()  # of a run that was ended
        of["AlertCount"].objects.using(alias).bulk_create(
            of["AlertCount"](rule=rule, status=status, alerts=number) for (rule, status), number in alerts.items()
        )
        of["DecisionTime"].objects.using(alias).bulk_create(
            of["DecisionTime"](rule=rule, outcome=outcome, within=within, decisions=number, micros=micros[rule, outcome, within])
            for (rule, outcome, within), number in decisions.items()
        )


class Migration(migrations.Migration):

    atomic = False  # it reads for long, and writes at once

    dependencies = [
        ('fraud', '0002_figures_of_the_desk'),
    ]

    operations = [migrations.RunPython(add_up, migrations.RunPython.noop)]
