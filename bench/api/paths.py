"""The addresses that are asked for, drawn from what the tables hold; both servers are asked for the same."""

import random
import sqlite3
from base64 import b64encode
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from bench.api.kinds import PAGE

DRAWN = 5000
SEED = 11


def write_paths(folder: Path, database: Path, users: int) -> None:
    """Write a file of addresses for each kind that gets something.

    database: a SQLite file that holds what every database of the measurement holds.
    """
    chance = random.Random(SEED)
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT id, order_id FROM transactions").fetchall()
    drawn = chance.choices(rows[2 * PAGE :], k=DRAWN)
    found = {
        "ids": [f"/transactions/{order_id}" for _, order_id in drawn],
        "pages": [f"/transactions?cursor={cursor(row_id)}" for row_id, _ in drawn],
        "hourly": [f"/analytics/users/{chance.randint(1, users)}/hourly" for _ in range(DRAWN)],
        "first": ["/transactions"],
    }
    for name, paths in found.items():
        (folder / name).write_text("\n".join(paths) + "\n")


def cursor(row_id: int) -> str:
    """Where the page after this row starts, as the API writes it."""
    return quote(b64encode(f"p={row_id}".encode()))
