"""What orders say was refunded of them beside the refunds that there are."""

from datetime import datetime

from django.db import transaction

from database.portions import portions
from events.money import from_cents, in_words
from reconciliation.check import ASKED_AT_ONCE, MENDED_AT_ONCE, Stage
from reconciliation.comparison import Comparison, Result
from transactions import refunds
from transactions.given_back import GivenBack, differing_orders, given_back_of


class Refunds(Stage):
    """By order, from a reading of the table in portions; then those that differ once more, each side at one moment.

    The truth is the refunds that have not failed. An order that says too little is mended, for more could be given back
    of it than it is over. One that says too much is left to people: a refund of it may be lost, see rows.py. Costs a
    reading of the table, and the ids of the orders that differ.
    """

    mends = Comparison.REFUNDS

    def in_doubt_since(self) -> datetime | None:
        counted, doubted = differing_orders(at_most=MENDED_AT_ONCE)
        self._wrong: dict[str, GivenBack] = {}
        for some in portions(sorted(doubted), ASKED_AT_ONCE):
            found = sorted(given_back_of(some).items())
            self._wrong |= {order_id: each for order_id, each in found if not each.agrees}
        self._result = Result(Comparison.REFUNDS, expected=counted, found=counted - len(self._wrong))
        return None

    def results(self) -> list[Result]:
        for order_id, each in self._wrong.items():
            self._result.note(f"{order_id}: {_in_words(each)}")
        return [self._result]

    def mend(self) -> None:
        too_little = sorted(order_id for order_id, each in self._wrong.items() if each.says_too_little)
        for some in portions(too_little, ASKED_AT_ONCE):
            with transaction.atomic():
                refunds.count_again(some)


def _in_words(each: GivenBack) -> str:
    says = "it is not there" if each.says is None else f"says that {in_words(from_cents(each.says))} were refunded"
    return f"{says}, its refunds come to {in_words(from_cents(each.come_to))}"
