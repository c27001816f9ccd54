"""What MySQL's LOAD DATA alone does with orders, into the table that the recorder fills: its ceiling there."""

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from bench.mysql import MySQL
from bench.workers.orders import Orders

AT_ONCE = 20_000
"""rows of a statement, each of which is a transaction"""
COLUMNS = (
    "order_id", "user_id", "amount", "status", "entered_as", "timestamp", "kind", "recorded_at", "updated_at",
)  # fmt: skip


def load_data(mysql: MySQL, orders: Orders, folder: Path, seconds: float) -> tuple[int, float]:
    """Load orders for so long, or all of them; how many, and how long it took. The server must run."""
    file = folder / "rows.tsv"
    statement = f"LOAD DATA LOCAL INFILE '{file}' INTO TABLE transactions ({', '.join(COLUMNS)})"
    loaded, spent, rows = 0, 0.0, written(orders)
    with closing(connected(mysql)) as connection, connection.cursor() as cursor:
        while spent < seconds and (some := list(islice(rows, AT_ONCE))):
            file.write_text("".join(some))
            began = time.monotonic()
            cursor.execute(statement)
            connection.commit()
            loaded, spent = loaded + len(some), spent + time.monotonic() - began
    file.unlink()
    return loaded, spent


def connected(mysql: MySQL) -> Any:
    # It is there when MySQL was fetched, and not before.
    import MySQLdb

    socket, password = str(mysql.home / "mysql.sock"), mysql.password("root")
    return MySQLdb.connect(unix_socket=socket, user="root", passwd=password, db="shop", local_infile=True)


def written(orders: Orders) -> Iterator[str]:
    """A row of each, in the order of COLUMNS."""
    for order_id, user, cents, status, millis in orders.rows():
        moment = datetime.fromtimestamp(millis / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        amount = f"{cents // 100}.{cents % 100:02}"
        values = (order_id, str(user), amount, status, status, moment, "ORDER", moment, moment)
        yield "\t".join(values) + "\n"
