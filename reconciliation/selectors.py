from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from reconciliation.models import ComparisonRun

OVERDUE = timedelta(minutes=15)
"""A comparison of much takes minutes."""


class StagesDisagree(RuntimeError):
    """The last comparison found mismatches."""


class NotComparedLately(RuntimeError):
    """The last comparison is older than one may be."""


class NotYetCompared(RuntimeError):
    """There has been no comparison so far."""


def ping() -> None:
    """Return if all stages agreed the last time.

    Raises StagesDisagree, NotComparedLately or NotYetCompared, which say what to do.
    """
    runs, every = list(ComparisonRun.objects.all()), timedelta(minutes=settings.RECONCILE_EVERY_MINUTES)
    if not runs:
        raise NotYetCompared(
            f"Nothing has been compared yet: Celery does it every {settings.RECONCILE_EVERY_MINUTES} minutes."
        )
    if wrong := [f"{run.mismatches:,} in {run.comparison}" for run in runs if run.mismatches]:
        raise StagesDisagree(
            f"Stages contradict each other: {', '.join(wrong)}. `manage.py reconcile` lists them, `manage.py reconcile "
            "--repair` mends what can be computed anew."
        )
    oldest = min(run.at for run in runs)
    if timezone.now() - oldest > every + OVERDUE:
        raise NotComparedLately(
            f"Nothing has been compared since {oldest:%Y-%m-%d %H:%M} UTC. See whether Celery's beat and worker run."
        )
