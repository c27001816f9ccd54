"""Fill the tables of the database that DATABASE_URL names, all of whose rights are needed.

python -m bench.filling --transactions 60000 --hourly-totals 60000 --users 10000
"""

import argparse
from datetime import UTC, datetime
from typing import Any

import django
from rich.progress import Progress, TaskID

COUNTED = ("transactions", "hourly-totals", "users", "alerts", "notifications", "outbox", "keys", "audit-lines")


def main() -> None:
    parser = argparse.ArgumentParser("python -m bench.filling", description="Fill the tables of an empty database.")
    for table in COUNTED:
        parser.add_argument(f"--{table}", type=int, default=0)
    parser.add_argument("--now", type=datetime.fromisoformat, default=datetime.now(UTC), help="of the last rows")
    options = vars(parser.parse_args())
    django.setup()
    from bench.filling.insertion import fill
    from bench.filling.tables import Volume

    with Progress() as shown:
        tasks: dict[str, TaskID] = {}

        def progress(table: str, done: int, rows: int) -> None:
            if table not in tasks:
                tasks[table] = shown.add_task(table, total=rows)
            shown.update(tasks[table], completed=done)

        fill(Volume(**options, **of_the_shop()), progress)


def of_the_shop() -> dict[str, Any]:
    """The demo accounts' ids, and a message for the outbox as the API writes one."""
    from django.contrib.auth.models import User

    from events import Status, Transaction
    from streaming.clients import codec

    order = Transaction("01a21b4d-cbc8-7a60-8c60-00000000ea60", 4711, 19.99, Status.SUCCESS, datetime.now(UTC))
    accounts = dict(User.objects.filter(username__in=["shop", "investigator"]).values_list("username", "pk"))
    return {**accounts, "payload": codec().encode(order).hex()}


if __name__ == "__main__":
    main()
