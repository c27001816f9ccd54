from django.apps import AppConfig
from django.conf import settings

from events.money import Ledger
from events.plausibility import Bounds


class StreamingConfig(AppConfig):
    name = "streaming"

    def ready(self) -> None:
        from streaming import checks  # noqa: F401, PLC0415 - registers them

        Bounds.earliest = settings.EARLIEST_PLAUSIBLE
        Ledger.currency = settings.CURRENCY
