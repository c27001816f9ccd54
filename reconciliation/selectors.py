from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from monitoring.checks import Down, Pending, Unknown
from reconciliation.models import ComparisonRun

OVERDUE = timedelta(minutes=15)
"""A comparison of much takes minutes."""


def ping() -> None:
    """Returns if all stages agreed the last time; raises Down, Unknown or Pending, which say what to do."""
    runs, every = list(ComparisonRun.objects.all()), timedelta(minutes=settings.RECONCILE_EVERY_MINUTES)
    if not runs:
        raise Pending(
            f"Nothing has been compared yet: Celery does it every {settings.RECONCILE_EVERY_MINUTES} minutes."
        )
    if wrong := [f"{run.mismatches:,} in {run.comparison}" for run in runs if run.mismatches]:
        raise Down(
            f"Stages contradict each other: {', '.join(wrong)}. `manage.py reconcile` lists them, `manage.py reconcile "
            "--repair` mends what can be computed anew."
        )
    oldest = min(run.at for run in runs)
    if timezone.now() - oldest > every + OVERDUE:
        raise Unknown(
            f"Nothing has been compared since {oldest:%Y-%m-%d %H:%M} UTC. See whether Celery's beat and worker run."
        )
