"""How `run_producer --replay` is to read a file, and what it says of one that it cannot send."""

import csv
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from transactions.cells import COMMA, POINT, Customers, Wrong, hashed_customer, moments, number_of_customer
from transactions.cells import prefixed_customers as prefixed
from transactions.purchase_files import Found, rows_to_set_aside
from transactions.purchases import LONGEST_PREFIX, NEEDED, ORDER, BadRow, Reading
from transactions.sheets import Sheet, Unreadable

NAMED_AT_MOST = 20
CUSTOMER_IDS: dict[str, Callable[[], Customers]] = {
    "numbers": lambda: number_of_customer,
    "prefixed": prefixed,
    "hashed": lambda: hashed_customer,
}
DECIMALS = {"point": POINT, "comma": COMMA}
ONLY_WITH_REPLAY = ("map", "date_format", "customer_ids", "decimal", "order_lines", "refunds", "prefix", "skip_bad")


def add_arguments(parser: ArgumentParser) -> None:
    files = parser.add_argument_group("reading files (--replay)", "docs/replay.md has examples")
    files.add_argument("--map", action="append", metavar="FIELD=COLUMN,…", help="customer_id, date, amount, order_id")
    files.add_argument(
        "--date-format", metavar="FORM", help="such as '%%d/%%m/%%Y %%H:%%M', or 'hours since 2017-01-01'"
    )
    files.add_argument("--customer-ids", choices=CUSTOMER_IDS, help="17850, C1231, or any text, which is hashed")
    files.add_argument("--decimal", choices=DECIMALS, help="the decimal mark, where 1.234 could be two numbers")
    files.add_argument("--order-lines", action="store_true", help="rows with one order_id are lines of one order")
    files.add_argument("--refunds", action="store_true", help="negative amounts are refunds; else they are refused")
    files.add_argument("--prefix", help="what order ids begin with, instead of the file's name")
    files.add_argument("--skip-bad", type=Path, metavar="FILE", help="write bad rows there, and send the others")


def reading(options: Mapping[str, Any]) -> Reading:
    """What the options say; raises Wrong if they make no sense."""
    prefix = options.get("prefix")
    if prefix is not None and not 0 < len(prefix) <= LONGEST_PREFIX:
        raise Wrong(f"--prefix has {len(prefix)} characters, not 1 to {LONGEST_PREFIX}")
    columns = _columns(options.get("map") or [])
    if options.get("order_lines") and ORDER not in columns:
        raise Wrong("--order-lines needs to know which lines belong together: say --map order_id=COLUMN")
    return Reading(
        columns=columns,
        moment=moments(options.get("date_format")),
        customer=CUSTOMER_IDS[options.get("customer_ids") or "numbers"](),
        decimal=DECIMALS.get(options.get("decimal") or ""),
        order_lines=bool(options.get("order_lines")),
        refunds=bool(options.get("refunds")),
        prefix=prefix,
    )


def _columns(said: Iterable[str]) -> dict[str, str]:
    columns = {}
    for pair in ",".join(said).split(",") if said else []:
        name, _, column = (part.strip() for part in pair.partition("="))
        if name not in (*NEEDED, ORDER) or not column:
            raise Wrong(f"--map {pair!r} is not FIELD=COLUMN with one of the fields {', '.join((*NEEDED, ORDER))}")
        columns[name] = column
    return columns


def refusal(sheet: Sheet, found: Found) -> str:
    """Why nothing of a file is sent: each bad row, or as many as one reads."""
    bad = sorted(found.bad.values(), key=lambda row: row.number)
    lines = [f"{len(bad)} of {found.rows} rows are no purchases, so nothing was sent (read as {sheet.form}):"]
    lines += [f"  {row}" for row in bad[:NAMED_AT_MOST]]
    if len(bad) > NAMED_AT_MOST:
        lines.append(f"  … and {len(bad) - NAMED_AT_MOST} more, the last of them {_brief(bad[-1])}")
    return "\n".join([*lines, "--skip-bad FILE writes the bad ones into a file of their own, and sends the rest."])


def _brief(row: BadRow) -> str:
    return f"row {row.number}"


def set_aside(sheet: Sheet, reading: Reading, found: Found, file: Path) -> int:
    """Write the rows that are not sent into a file that is not there yet, and why not; returns their number.

    Raises Unreadable if it is there, and OSError.
    """
    try:
        # The mark is for Excel, which takes UTF-8 without it for Windows-1252.
        with file.open("x", encoding="utf-8-sig", newline="") as opened:
            written = csv.writer(opened)
            written.writerow(["row", "reason", *sheet.header])
            count = 0
            for row, why in rows_to_set_aside(sheet, reading, found):
                written.writerow([row.number, why, *row.cells])
                count += 1
    except FileExistsError as error:
        raise Unreadable(f"{file} is there already: name another one for --skip-bad.") from error
    return count
