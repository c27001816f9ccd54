"""Celery, as its worker and beat start it: `PYTHONPATH=platform celery --app config.celery worker`."""

import os
import sys
from typing import Any

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("platform")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.beat_init.connect
@signals.worker_init.connect
def stop_if_amounts_are_kept_otherwise(**_: Any) -> None:
    from database import amounts  # noqa: PLC0415 - the settings are read by now

    try:
        amounts.look()
    except amounts.KeptOtherwise as error:
        # Celery logs what else a receiver raises, and goes on.
        sys.exit(str(error))
