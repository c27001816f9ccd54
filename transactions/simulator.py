"""Orders that a shop might have. Pure."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count

import numpy as np
from numpy.typing import NDArray

from events import ChangedStatus, Status, Transaction
from events.ids import RANDOM_BITS
from events.money import Ledger
from events.time import in_micros
from streaming.column_encoding import OrderColumns
from streaming.columns import STATUSES, Ints

MOCK_PREFIX = "mock-"
MOCK_ID = rf"^{MOCK_PREFIX}[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$"
"""A regular expression of mock orders' ids: nobody but the simulator may say what becomes of others' payments."""

BLOCK = 4096
"""orders that are drawn at once"""
PENDING, SUCCESS, FAILED = map(STATUSES.index, (Status.PENDING, Status.SUCCESS, Status.FAILED))
NO_ID = f"{MOCK_PREFIX}00000000-0000-0000-0000-000000000000".encode()
DIGITS = [at for at, letter in enumerate(NO_ID) if letter == ord("0")]
"""where in an id its digits stand"""
HEX_OF = np.frombuffer(bytes(range(256)).hex().encode(), np.uint8).reshape(256, 2)
"""the two digits of a byte"""


@dataclass(frozen=True)
class Shop:
    """What mock orders look like. Shares are of 1."""

    users: int = 5_000
    median_amount: float = 35.0
    spread: float = 0.9
    """sigma of the lognormal distribution of amounts"""
    huge_share: float = 0.005
    """orders above 10 million and below 100 million"""
    paid_share: float = 0.80
    failed_share: float = 0.05
    """what is neither paid nor failed is pending"""


def mock_orders(*, seed: int, start: datetime, per_second: float, shop: Shop | None = None) -> Iterator[Transaction]:
    """Endless mock orders, the same for the same arguments; timestamps rise from `start` by the rate."""
    for block in mock_blocks(seed=seed, start=start, per_second=per_second, shop=shop):
        yield from block.transactions()


def mock_blocks(*, seed: int, start: datetime, per_second: float, shop: Shop | None = None) -> Iterator[OrderColumns]:
    """The same orders in blocks of BLOCK, whatever becomes of them: so nothing but the arguments decides on them.

    seed: not negative.
    """
    shop = shop or Shop()
    chance = np.random.default_rng(seed)
    for first in count(0, BLOCK):
        placed = in_micros(start) + ((first + np.arange(BLOCK)) * 1e6 / per_second).astype(np.int64)
        yield OrderColumns(
            order_id=mock_ids(placed, chance.integers(0, 1 << RANDOM_BITS, BLOCK)),
            user_id=_users(chance, shop),
            amount=_amounts(chance, shop),
            status=_statuses(chance, shop),
            millis=placed // 1000,
        )


def mock_ids(micros: Ints, chance: Ints) -> NDArray[np.bytes_]:
    """Each moment's id, as events.ids.uuid7 makes it, behind the prefix; micros: since 1970."""
    millis, rest = np.divmod(micros, 1000)
    # The two bits 10 above the 62 of chance make the number of 64 bits negative.
    halves = np.stack([millis << 16 | 7 << 12 | (rest << 12) // 1000, chance | -1 << 63], axis=1).astype(">i8")
    text = np.tile(np.frombuffer(NO_ID, np.uint8), (len(micros), 1))
    text[:, DIGITS] = HEX_OF[halves.view(np.uint8)].reshape(-1, len(DIGITS))
    return text.view(f"S{len(NO_ID)}").reshape(-1)


def _users(chance: np.random.Generator, shop: Shop) -> Ints:
    # Few users buy often and most buy seldom: the square of an even draw leans towards small numbers.
    return 1 + (shop.users * chance.random(BLOCK) ** 2).astype(np.int64)


def _amounts(chance: np.random.Generator, shop: Shop) -> NDArray[np.float64]:
    currency = Ledger.currency
    usual = np.rint(currency.parts * shop.median_amount * chance.lognormal(0, shop.spread, BLOCK)).astype(np.int64)
    huge = chance.integers(10_000_000 * currency.parts + 1, 100_000_000 * currency.parts, BLOCK)
    cents = np.where(chance.random(BLOCK) < shop.huge_share, huge, np.maximum(1, usual))
    # Rounded up to an amount that there is in the currency.
    step = currency.step
    amounts: NDArray[np.float64] = -(-cents // step) * step / currency.parts
    return amounts


def _statuses(chance: np.random.Generator, shop: Shop) -> Ints:
    draw = chance.random(BLOCK)
    failed_or_not = np.where(draw < shop.paid_share + shop.failed_share, FAILED, PENDING)
    return np.where(draw < shop.paid_share, SUCCESS, failed_or_not)


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
