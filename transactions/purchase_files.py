"""Files of purchases, read whole and checked before the first order is sent. Pure but for reading: docs/replay.md."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from math import prod
from textwrap import shorten
from typing import Any

from events import Transaction, check_plausible
from events.plausibility import ImpossibleEvent
from transactions.cells import Wrong, numeral
from transactions.purchases import (
    AMOUNT,
    CUSTOMER,
    DATE,
    ORDER,
    BadRow,
    Candidate,
    Purchases,
    Reading,
    id_of_row,
    order_prefix,
)
from transactions.sheets import Row, Sheet, Unreadable, plain

FIELDS_OF_EVENTS = {"user_id": CUSTOMER, "timestamp": DATE, "amount": AMOUNT, "order_id": ORDER}
"""What a verdict on an event begins with → the column that it is about."""
ReadCells = Callable[[list[str]], Any]


@dataclass
class Found:
    """What a file holds."""

    purchases: Purchases
    bad: dict[int, BadRow] = field(default_factory=dict)
    """by the numbers of their rows"""
    rows: int = 0
    incomplete: set[str] = field(default_factory=set)
    """the ids of orders of which a line is bad: the others would make a wrong sum"""


def read_purchases(sheet: Sheet, reading: Reading, received_at: datetime) -> Found:
    """All orders of a file, and all rows that are none; raises Unreadable if columns are missing."""
    reader = _Reader(sheet, reading, received_at)
    for row in sheet.rows():
        reader.take(row)
    if reading.order_lines:
        reader.check_sums()
    return reader.found


def rows_to_set_aside(sheet: Sheet, reading: Reading, found: Found) -> Iterator[tuple[Row, str]]:
    """The rows that are not sent, and why, read once more: the bad ones, and the other lines of their orders."""
    id_of = _order_ids(sheet, reading)
    for row in sheet.rows():
        if bad := found.bad.get(row.number):
            yield row, bad.why
        elif found.incomplete and id_of(row) in found.incomplete:
            yield row, "another line of this order is bad"


class _Reader:
    """One pass over the rows of a file."""

    def __init__(self, sheet: Sheet, reading: Reading, received_at: datetime) -> None:
        self._reading, self._received_at, self._width = reading, received_at, len(sheet.header)
        self.found = Found(Purchases(_prefix(sheet, reading)))
        self._cells = _readers(sheet, reading)
        self._id_of = _order_ids(sheet, reading)
        self._own_ids = ORDER in reading.columns
        self._places: dict[str, int] = {}

    def take(self, row: Row) -> None:
        """Keep the order of a row, or say why it is none."""
        self.found.rows += 1
        order_id, reasons = self._id_of(row), self._too_many_cells(row.cells) if len(row.cells) > self._width else {}
        try:
            user, moment, amount = [read(row.cells) for _, read in self._cells]
        except (Wrong, IndexError):
            reasons |= _reasons(self._cells, row.cells)
        else:
            if not reasons:
                self._keep(row.number, Candidate(order_id, user, amount, moment), reasons)
        if reasons:
            self._set_aside(order_id, row.number, reasons, row.line)

    def _too_many_cells(self, cells: list[str]) -> dict[str, str]:
        if not any(cells[self._width :]):
            return {}
        return {"cells": f"there are {len(cells)} under {self._width} headers: does one need quotes?"}

    def check_sums(self) -> None:
        """Whether orders may be what their lines sum up to; and leave out those that lack some."""
        for row, order in self.found.purchases.placed():
            reasons: dict[str, str] = {}
            self._check(order, reasons, is_whole=True)
            if reasons:
                self._set_aside(order.order_id, row, reasons)
        self.found.purchases.left_out |= {self._places[each] for each in self.found.incomplete if each in self._places}

    def _keep(self, row: int, order: Candidate, reasons: dict[str, str]) -> None:
        self._check(order, reasons, is_whole=not self._reading.order_lines)
        if reasons:
            return
        place = self._places.get(order.order_id) if self._own_ids else None
        if place is None:
            place = self.found.purchases.add(row, order, own_id=self._own_ids)
            if self._own_ids:
                self._places[order.order_id] = place
        elif self._reading.order_lines:
            self._add_line(place, order, reasons)
        else:
            first = self.found.purchases.row(place)
            reasons[ORDER] = f"{order.order_id!r} stands in row {first} too: say --order-lines if it has several"

    def _add_line(self, place: int, line: Candidate, reasons: dict[str, str]) -> None:
        try:
            self.found.purchases.add_line(place, line)
        except Wrong as wrong:
            reasons[CUSTOMER] = str(wrong)

    def _check(self, order: Candidate | Transaction, reasons: dict[str, str], *, is_whole: bool) -> None:
        """Whether the workers would take an order, and whether its sign is meant."""
        try:
            check_plausible(order, self._received_at)
        except ImpossibleEvent as impossible:
            reasons[FIELDS_OF_EVENTS.get(str(impossible).split(" ", 1)[0], ORDER)] = str(impossible)
        if is_whole and order.amount < 0 and not self._reading.refunds:
            reasons.setdefault(AMOUNT, f"{order.amount:.2f} is negative: say --refunds if that is what it is")

    def _set_aside(self, order_id: str, row: int, reasons: dict[str, str], line: int | None = None) -> None:
        named = {self._reading.column(name): why for name, why in reasons.items()}
        self.found.bad.setdefault(row, BadRow(row, named, line))
        if self._reading.order_lines:
            self.found.incomplete.add(order_id)


def _reasons(readers: list[tuple[str, ReadCells]], cells: list[str]) -> dict[str, str]:
    """What is wrong with each cell."""
    reasons = {}
    for name, read in readers:
        try:
            read(cells)
        except Wrong as wrong:
            reasons[name] = str(wrong)
        except IndexError:
            reasons[name] = "the row ends before it"
    return reasons


def _readers(sheet: Sheet, reading: Reading) -> list[tuple[str, ReadCells]]:
    """What gives the customer, the moment and the amount of a row, in this order."""
    places = _places(sheet, reading)
    customer, date = places[CUSTOMER][0], places[DATE][0]
    return [
        (CUSTOMER, lambda cells: reading.customer(cells[customer])),  # type: ignore[index]
        (DATE, lambda cells: reading.moment(cells[date])),  # type: ignore[index]
        (AMOUNT, _amounts(places[AMOUNT], reading.decimal)),
    ]


def _amounts(factors: list[int | Decimal], decimal: str | None) -> ReadCells:
    if len(factors) == 1 and isinstance(place := factors[0], int):
        return lambda cells: float(numeral(cells[place], decimal))

    def product(cells: list[str]) -> float:
        return float(
            prod(Decimal(numeral(cells[each], decimal)) if isinstance(each, int) else each for each in factors)
        )

    return product


def _order_ids(sheet: Sheet, reading: Reading) -> Callable[[Row], str]:
    """What gives the order id of a row: its own, behind a prefix that was asked for, or one of its number."""
    prefix = _prefix(sheet, reading)
    if ORDER not in reading.columns:
        return lambda row: id_of_row(prefix, row.number)
    place, before = _places(sheet, reading)[ORDER][0], "" if reading.prefix is None else f"{prefix}-"
    return lambda row: before + (row.cells[place].strip() if place < len(row.cells) else "")  # type: ignore[operator, index]


def _prefix(sheet: Sheet, reading: Reading) -> str:
    return order_prefix(sheet.file.name) if reading.prefix is None else reading.prefix


def _places(sheet: Sheet, reading: Reading) -> dict[str, list[int | Decimal]]:
    """Where the cells of each field stand, and by what an amount is multiplied; raises Unreadable."""
    headers = [plain(name) for name in sheet.header]
    places: dict[str, list[int | Decimal]] = {name: [] for name in reading.fields}
    missing = []
    for name in reading.fields:
        for factor in reading.factors(name):
            if (place := _place(factor, headers)) is not None:
                places[name].append(place)
            elif name == AMOUNT and (number := _number(factor)) is not None:
                places[name].append(number)
            else:
                missing.append(factor)
    if missing:
        needed = ", ".join(map(reading.column, reading.fields))
        raise Unreadable(
            f"has no column {' and no column '.join(missing)}. Needed are {needed}; there are "
            f"{shorten(', '.join(sheet.header), 300) or 'none'} (read as {sheet.form}). Name others by --map, such as "
            "--map date=PurchaseDate,customer_id=CustomerID,amount=Quantity*UnitPrice."
        )
    return places


def _place(column: str, headers: list[str]) -> int | None:
    found = [place for place, header in enumerate(headers) if header == plain(column)]
    if len(found) > 1:
        raise Unreadable(f"has {len(found)} columns named {column}: rename all but the one that is meant.")
    return found[0] if found else None


def _number(factor: str) -> Decimal | None:
    try:
        return Decimal(numeral(factor, "."))
    except Wrong:
        return None
