from django.apps import AppConfig
from django.conf import settings
from django.db.backends.signals import connection_created

from database.amounts import Proof
from events.money import Ledger
from events.plausibility import Bounds

PROOF = Proof()
"""that what amounts are kept in is what the currency wants; Django itself holds receivers weakly"""


class StreamingConfig(AppConfig):
    name = "streaming"

    def ready(self) -> None:
        from streaming import checks  # noqa: F401, PLC0415 - registers them

        Bounds.earliest = settings.EARLIEST_PLAUSIBLE
        Ledger.currency = settings.CURRENCY
        connection_created.connect(PROOF)
