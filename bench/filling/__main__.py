"""Fill the tables of the database that DATABASE_URL names, all of whose rights are needed.

python -m bench.filling --transactions 60000 --hourly-totals 60000 --users 10000
"""

import argparse
from datetime import UTC, datetime

import django


def main() -> None:
    parser = argparse.ArgumentParser("python -m bench.filling", description="Fill the tables of an empty database.")
    for table in ("transactions", "hourly-totals", "users"):
        parser.add_argument(f"--{table}", type=int, required=True)
    for table in ("alerts", "notifications", "outbox", "keys"):
        parser.add_argument(f"--{table}", type=int, default=0)
    parser.add_argument("--now", type=datetime.fromisoformat, default=datetime.now(UTC), help="of the last rows")
    options = vars(parser.parse_args())
    django.setup()
    from bench.filling.insertion import fill  # noqa: PLC0415 - it needs Django's settings
    from bench.filling.tables import Volume  # noqa: PLC0415

    fill(Volume(**options))


if __name__ == "__main__":
    main()
