"""What measurements left in bench/results, as the report tells it: API, workers and growing tables."""

import json
from collections.abc import Mapping
from statistics import median
from typing import Any

from bench import results
from bench.api.kinds import KINDS
from bench.api.outcome import MEMORY_GOAL
from bench.growth.outcome import Took, grown, is_late, of_a_question
from bench.scaling.plan import BY_NAME as SCALING
from bench.scaling.plan import RATES, title_of, wanted_ms
from bench.workers.tasks import BY_NAME

Json = dict[str, Any]


def told() -> Json:
    """What was not measured is None; `kinds` has titles of what was asked of the API, and what is wanted."""
    api = measured("api")
    times, found, scaling = measured("growth"), measured("workers"), measured("scaling")
    return {
        "api": api,
        "kinds": kinds(api) if api else [],
        "memory_goal": MEMORY_GOAL,
        "workers": found and found | {"tasks": workers(found)},
        "scaling": scaling and scaling | {"soon": latencies(scaling["medians"]["latency"])},
        "growth": times and times | {"times": {name: growth(of_one) for name, of_one in times["times"].items()}},
    }


def kinds(api: Json) -> list[Json]:
    """Those that each server was asked."""
    asked = [server["kinds"].keys() for server in api["medians"].values()]
    return [
        {"name": kind.name, "title": f"{kind.title}, {kind.unit}", "goal": kind.goal}
        for kind in KINDS
        if all(kind.name in those for those in asked)
    ]


def measured(name: str) -> Json | None:
    file = results.FOLDER / f"{name}.json"
    found: Json | None = json.loads(file.read_text()) if file.exists() else None
    return found


def workers(found: Json) -> list[Json]:
    """Of each task its engines: medians, how many times the best peer it is, what was wanted, whether it missed."""
    return [
        {
            "title": BY_NAME[task].title,
            "engines": [
                {
                    "title": BY_NAME[task].by_name[name].title,
                    "times": found["ratios"][task].get(name),
                    "wanted": str(BY_NAME[task].goals.get(name, "")),
                    "missed": f"{task} {name}" in found["missed"],
                }
                | {figure: spread and spread["median"] for figure, spread in each.items()}
                for name, each in engines.items()
            ],
        }
        for task, engines in found["medians"].items()
    ]


def latencies(medians: Mapping[str, Json]) -> list[Json]:
    """Of each engine its median p99 at each rate; of a peer nothing is wanted."""
    engines = dict.fromkeys(key.partition(" ")[0] for key in medians)
    return [
        {
            "title": title_of(SCALING[engine]),
            "p99_ms": [medians[f"{engine} {rate}"]["p99_ms"]["median"] for rate in RATES],
            "wanted_ms": wanted_ms(SCALING[engine]),
        }
        for engine in engines
    ]


def growth(by_rows: Mapping[str, list[Json]]) -> Json:
    """Of one database: at each size how many questions there were and how many were late; those that are or grow."""
    times = {int(rows): [Took(**each) for each in took] for rows, took in by_rows.items()}
    sizes = sorted(times)
    return {
        "sizes": [
            {
                "rows": rows,
                "asked": len(times[rows]),
                "median_ms": median(each.ms for each in times[rows]),
                "late": sum(map(is_late, times[rows])),
            }
            for rows in sizes
        ],
        "named": [
            {
                "name": name,
                "times": [_time(found.get(rows)) for rows in sizes],
                "limit_ms": found[max(found)].limit_ms,
                "grown": grown(found),
            }
            for name, found in of_a_question(times).items()
            if is_late(found[max(found)]) or grown(found)
        ],
    }


def _time(took: Took | None) -> Json | None:
    return None if took is None else {"ms": None if took.error else took.ms, "late": is_late(took)}
