"""Ask everything of the database that DATABASE_URL names, and write down how long it took.

python -m bench.growth.timing --accounts FILE --write FILE [--only TEXT] [--plans]
"""

import argparse
import json
import logging
import time
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import django
from rich.console import Console

from bench.growth.outcome import Took

if TYPE_CHECKING:
    from bench.growth.asking import Question

TIMES = 5
ENOUGH_SECONDS = 3
"""A question that has taken so long in all is not asked again."""
console = Console(highlight=False, soft_wrap=True)


def main() -> None:
    parser = argparse.ArgumentParser("python -m bench.growth.timing", description="Time every query of a database.")
    parser.add_argument("--accounts", type=Path, required=True, help="as make_demo_accounts writes them")
    parser.add_argument("--write", type=Path, required=True)
    parser.add_argument("--only", default="", help="questions whose names contain this")
    parser.add_argument("--plans", action="store_true", help="of slow queries")
    options = parser.parse_args()
    django.setup()
    logging.disable(logging.WARNING)  # one line for each refusal would hide the times
    from bench.growth.questions import all_questions

    tokens = {name: login["token"] for name, login in json.loads(options.accounts.read_text()).items()}
    questions = [each for each in all_questions(tokens) if options.only in each.name]
    took = [timed(each, plans=options.plans) for each in questions]
    options.write.write_text(json.dumps([asdict(each) for each in took], indent=1))


def timed(question: "Question", *, plans: bool) -> Took:
    """Ask some times; the first one may have to read from the disk, and is told apart."""
    from bench.growth.plans import slow, watched

    times: list[float] = []
    error = ""
    while not times or (len(times) < TIMES and sum(times) < ENOUGH_SECONDS and not question.changes and not error):
        with watched() as queries:
            began = time.perf_counter()
            try:
                question.ask()
            except Exception as failure:  # whatever it is, it is told, and the others are asked
                error = f"{type(failure).__name__}: {failure}"[:300]
            times.append(time.perf_counter() - began)
    took = Took(
        question.name,
        question.limit_ms,
        ms=round(1000 * median(times[1:] or times), 1),
        first_ms=round(1000 * times[0], 1),
        queries=len(queries),
        slow=slow(queries, plans=plans),
        error=error,
    )
    tell(took)
    return took


def tell(took: Took) -> None:
    mark = "[red]" if took.error or took.ms > took.limit_ms else ""
    console.print(f"{mark}{took.name}: {took.ms:,.1f} ms (first {took.first_ms:,.1f}), {took.queries} queries", end="")
    console.print(f" {took.error}" if took.error else "", markup=False)
    for query in took.slow:
        lines = [f"  {query['ms']:,.0f} ms {query['sql'][:200]}", *(f"    {line}" for line in query.get("plan", ()))]
        console.print("\n".join(lines), markup=False)


if __name__ == "__main__":
    main()
