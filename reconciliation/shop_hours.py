"""The users' hourly totals beside the hours of the whole shop."""

from datetime import datetime

from analytics import selectors, services
from analytics.windows import NOTHING, SUMS, Sums
from reconciliation.check import Stage
from reconciliation.comparison import Comparison, Result


class ShopHours(Stage):
    """By hour, from a reading of the table in portions; then those that differ once more, both read at one moment.

    The truth is the users' totals, whatever the topics say of those: see totals.py. Hours that aggregators add to seem
    to differ at first. Costs a reading of the table, and a sum for each hour.
    """

    mends = Comparison.HOURS

    def in_doubt_since(self) -> datetime | None:
        users, shop = selectors.sums_by_hour(), selectors.shop_hours()
        doubted = {hour for hour in users.keys() | shop.keys() if users.get(hour, NOTHING) != shop.get(hour, NOTHING)}
        self._missing = selectors.missing_in_shop(doubted)
        self._result = Result(
            Comparison.HOURS,
            expected=sum(sums.transaction_count for sums in users.values()),
            found=sum(sums.transaction_count for sums in shop.values()),
        )
        return None

    def results(self) -> list[Result]:
        for hour, missing in self._missing.items():
            self._result.note(f"{hour:%Y-%m-%dT%H}: {_in_words(missing)}")
        return [self._result]

    def mend(self) -> None:
        services.correct_shop_hours(hours=self._missing)


def _in_words(missing: Sums) -> str:
    """The first figure that differs."""
    name = next(name for name in SUMS if getattr(missing, name))
    return f"{name} lacks {getattr(missing, name)} of what its users have"
