"""What every stage of the comparison has in common."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from reconciliation.comparison import Comparison, Result, Scope
from streaming.inspecting.topic_scan import ScannedRecord

MENDED_AT_ONCE = 100_000
"""No more mismatches than this are held in memory, and mended in one run."""
ASKED_AT_ONCE = 500


class Stage:
    """Compares something with the topics, in two looks. The first is given everything that the topics hold.

    Then it says from which moment of receipt on it has to be given everything again, and takes the other side as it is
    before that: so whatever the second look finds missing there had more time to arrive than it is given. Both times
    records come in the order of their order ids, so that an order can be forgotten when the next one comes.
    """

    mends: ClassVar[Comparison | None] = None
    """the comparison whose mismatches it can put right"""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def look(self, scanned: Sequence[ScannedRecord]) -> None:
        """Take in some of what the topics hold."""

    def in_doubt_since(self) -> datetime | None:
        """From when on the topics must be read again; None: there is no doubt."""
        return None

    def look_again(self, scanned: Sequence[ScannedRecord]) -> None:
        """Take in some of what the topics hold of the orders of which anything came since that moment."""

    def results(self) -> list[Result]:
        raise NotImplementedError

    def mend(self) -> None:
        """Put right what can be recomputed."""
