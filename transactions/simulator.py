"""Orders that a shop might have. Pure."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from events import ChangedStatus, Status, Transaction
from events.ids import RANDOM_BITS, uuid7
from events.money import Ledger
from events.time import in_micros, whole_millis

MOCK_PREFIX = "mock-"
MOCK_ID = rf"^{MOCK_PREFIX}[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$"
"""A regular expression of mock orders' ids: nobody but the simulator may say what becomes of others' payments."""


@dataclass(frozen=True)
class Shop:
    """What mock orders look like. Shares are of 1."""

    users: int = 5_000
    median_amount: float = 35.0
    spread: float = 0.9
    """sigma of the lognormal distribution of amounts"""
    huge_share: float = 0.005
    """orders above 10 million: 10,000,000.01 to 99,999,999.99"""
    paid_share: float = 0.80
    failed_share: float = 0.05
    """what is neither paid nor failed is pending"""


def mock_orders(*, seed: int, start: datetime, per_second: float, shop: Shop | None = None) -> Iterator[Transaction]:
    """Endless mock orders, the same for the same arguments; timestamps rise from `start` by the rate."""
    shop = shop or Shop()
    chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
    step = timedelta(seconds=1 / per_second)
    number = 0
    while True:
        placed = start + number * step
        yield Transaction(
            order_id=f"{MOCK_PREFIX}{uuid7(in_micros(placed) * 1000, chance.getrandbits(RANDOM_BITS))}",
            user_id=_user(chance, shop),
            amount=_amount(chance, shop),
            status=_status(chance, shop),
            timestamp=whole_millis(placed),
        )
        number += 1


def _user(chance: random.Random, shop: Shop) -> int:
    # Few users buy often and most buy seldom: the square of an even draw leans towards small numbers.
    return 1 + int(shop.users * chance.random() ** 2)


def _amount(chance: random.Random, shop: Shop) -> float:
    if chance.random() < shop.huge_share:
        return _in_steps(chance.randint(1_000_000_001, 9_999_999_999)) / 100
    cents = round(shop.median_amount * 100 * chance.lognormvariate(0, shop.spread))
    return _in_steps(max(1, cents)) / 100


def _in_steps(cents: int) -> int:
    """Rounded up to an amount that there is in the currency."""
    step = Ledger.currency.step
    return -(-cents // step) * step


def _status(chance: random.Random, shop: Shop) -> Status:
    draw = chance.random()
    if draw < shop.paid_share:
        return Status.SUCCESS
    return Status.FAILED if draw < shop.paid_share + shop.failed_share else Status.PENDING


def outcome(chance: random.Random) -> list[ChangedStatus]:
    """What becomes of a pending order: most are paid, and of those a few are refunded."""
    draw = chance.random()
    if draw < 0.15:
        return [ChangedStatus.FAILED]
    return [ChangedStatus.SUCCESS, ChangedStatus.REFUNDED] if draw > 0.9 else [ChangedStatus.SUCCESS]


def part_given_back(chance: random.Random, cents: int) -> int:
    """How many cents of a paid order its customer gets back for what was returned; of most orders none."""
    step = Ledger.currency.step
    return step * chance.randint(1, cents // step - 1) if cents // step > 1 and chance.random() < 0.1 else 0
