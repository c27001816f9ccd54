"""How soon an aggregator that has counted everything counts again, on the database and broker of the environment.

python -m bench.scaling.starting FILE       writes JSON: seconds of each start, and how many orders it remembers
"""

import argparse
import json
from pathlib import Path

import django

from bench.growth.with_kafka import MARKED_USERS, STARTS, first_counted
from bench.workers.checking import refuse


def main() -> None:
    parser = argparse.ArgumentParser("python -m bench.scaling.starting")
    parser.add_argument("file", type=Path)
    file = parser.parse_args().file
    django.setup()
    remembered = remembered_orders()
    seconds = [first_counted(MARKED_USERS + number) for number in range(STARTS)]
    forget_marked()
    file.write_text(json.dumps({"remembered": remembered, "seconds": seconds}))


def remembered_orders() -> int:
    from streaming.consuming.remembered import Chunk
    from streaming.models import RememberedChunk

    return sum(len(Chunk.unpacked(each.begin, each.end, bytes(each.pairs))) for each in RememberedChunk.objects.all())


def forget_marked() -> None:
    """Delete the totals of the orders that were sent for the starts, so that what is left is what was counted before.

    Raises Wrong if they are not what was sent.
    """
    from analytics.models import HourlyTotal

    marked = HourlyTotal.objects.filter(user_id__gte=MARKED_USERS)
    found = sorted(marked.values_list("transaction_count", "total_cents"))
    refuse("The aggregator", "" if found == [(1, 1999)] * STARTS else f"after its starts it has counted {found}")
    marked.delete()


if __name__ == "__main__":
    main()
