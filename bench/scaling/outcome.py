"""What many turns come to: medians and spreads, what missed, and the tables of them. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from bench.figures import CORES, Spread, ratio, rounded, written
from bench.marked import table
from bench.scaling.measured import Cost, Scaled, Start, Stretch
from bench.scaling.pace import Latency
from bench.scaling.plan import BY_NAME, MEMORY_MB, START_SECONDS, TIMES, title_of, wanted_ms

TurnT = TypeVar("TurnT")
KeyT = TypeVar("KeyT")


@dataclass
class Found:
    """All turns that were taken, by section."""

    latencies: list[Latency] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)
    scaled: list[Scaled] = field(default_factory=list)
    starts: list[Start] = field(default_factory=list)


def by(turns: Iterable[TurnT], key: Callable[[TurnT], KeyT]) -> dict[KeyT, list[TurnT]]:
    """In the order in which they came first."""
    found: dict[KeyT, list[TurnT]] = {}
    for turn in turns:
        found.setdefault(key(turn), []).append(turn)
    return found


def spread(turns: Sequence[Any], figure: str) -> Spread:
    return Spread.of(getattr(turn, figure) for turn in turns)


def timed(found: Found) -> dict[tuple[str, int], list[Latency]]:
    """By engine and rate."""
    return by(found.latencies, lambda turn: (turn.engine, turn.rate))


def charged(found: Found) -> dict[tuple[str, int], list[Cost]]:
    """By engine and users."""
    return by(found.costs, lambda turn: (turn.engine, turn.users))


def doubled(found: Found) -> dict[str, tuple[list[Scaled], list[Scaled]]]:
    """By engine that had both: turns of one process, and of two."""
    pairs = {
        engine: ([turn for turn in turns if turn.processes == 1], [turn for turn in turns if turn.processes > 1])
        for engine, turns in by(found.scaled, lambda turn: turn.engine).items()
    }
    return {engine: pair for engine, pair in pairs.items() if all(pair)}


def times(one: Sequence[Scaled], two: Sequence[Scaled]) -> float:
    """How many times as fast two processes are, by the medians."""
    return ratio(spread(two, "per_second"), spread(one, "per_second")) or 0.0


def allowed(one: Sequence[Scaled]) -> float:
    """How many times as fast they can be at most, before there is nothing left of the cores."""
    return CORES / Spread.of(sum(turn.cores) for turn in one).median


def seconds(turns: Iterable[Start]) -> Spread:
    return Spread.of(each for turn in turns for each in turn.seconds)


def missed(found: Found) -> list[str]:
    """What is not as was wanted, in words."""
    return [
        *(f"{engine} at {rate:,} a second" for (engine, rate), turns in timed(found).items() if is_late(engine, turns)),
        *(
            f"memory of {engine}, {users:,} users"
            for (engine, users), turns in charged(found).items()
            if is_large(turns)
        ),
        *(f"scaling of {engine}" for engine, (one, two) in doubled(found).items() if times(one, two) < TIMES),
        *(
            f"start of {engine}"
            for engine, turns in by(found.starts, lambda turn: turn.engine).items()
            if seconds(turns).median > START_SECONDS
        ),
    ]


def is_late(engine: str, turns: Sequence[Latency]) -> bool:
    limit = wanted_ms(BY_NAME[engine])
    return limit is not None and spread(turns, "p99_ms").median > limit


def is_large(turns: Sequence[Cost]) -> bool:
    return spread(turns, "peak_mb").median > MEMORY_MB


def figures(found: Found) -> dict[str, Any]:
    """All that is written down of them."""
    return {
        "missed": missed(found),
        "medians": {
            "latency": {
                f"{engine} {rate}": {name: spread(turns, name).as_json() for name in ("p50_ms", "p99_ms", "max_ms")}
                for (engine, rate), turns in timed(found).items()
            },
            "scaling": {
                engine: {"times": times(one, two), "allowed": rounded(allowed(one))}
                for engine, (one, two) in doubled(found).items()
            },
        },
        **{name: [asdict(turn) for turn in turns] for name, turns in vars(found).items()},
    }


def latencies_in_words(turns: Iterable[Latency]) -> str:
    return ", ".join(
        f"{turn.rate:,} a second: {turn.p50_ms:g} / {turn.p99_ms:g} / {turn.max_ms:g} ms, sent {turn.late_ms:g} ms late"
        for turn in turns
    )


def cost_in_words(turn: Cost) -> str:
    return f"{', '.join(f'{each.cpu_us:g} µs' for each in turn.stretches)}, {turn.peak_mb:g} MB"


def scaled_in_words(turn: Scaled) -> str:
    return f"{turn.per_second:,.0f} a second, cores busy: {cores([turn])}"


def start_in_words(turn: Start) -> str:
    return ", ".join(f"{each:.2f} s" for each in turn.seconds)


def rendered(found: Found) -> str:
    """The tables that stand in bench/README.md; what missed is set in bold."""
    tables = [
        latency_table(found) if found.latencies else "",
        cost_table(found) if found.costs else "",
        scaling_table(found) if found.scaled else "",
        start_table(found) if found.starts else "",
    ]
    return "\n\n".join(each for each in tables if each)


def latency_table(found: Found) -> str:
    rates = sorted({turn.rate for turn in found.latencies})
    head = ["from event to visible, ms: p50 / p99 (least–greatest) / max", *(f"{rate:,} a second" for rate in rates)]
    rows = []
    for engine in by(found.latencies, lambda turn: turn.engine):
        cells = [latency_cell(engine, timed(found).get((engine, rate), [])) for rate in rates]
        limit = wanted_ms(BY_NAME[engine])
        rows.append([title_of(BY_NAME[engine]), *cells, f"p99 {limit:,}" if limit else ""])
    return table([*head, "wanted"], rows)


def latency_cell(engine: str, turns: Sequence[Latency]) -> str:
    if not turns:
        return "–"
    p50, p99, most = (spread(turns, name) for name in ("p50_ms", "p99_ms", "max_ms"))
    text = f"{written(p50.median)} / {_with_ends(p99, is_late(engine, turns))} / {written(most.greatest)}"
    return f"{text}; {sum(turn.orders for turn in turns):,} orders"


def cost_table(found: Found) -> str:
    marks = sorted({each.mark for turn in found.costs for each in turn.stretches})
    head = ["µs of processor an order, and MB, up to so many orders", *(f"{mark:,}" for mark in marks)]
    rows = []
    for (engine, users), turns in charged(found).items():
        cells = [cost_cell([each for turn in turns for each in turn.stretches if each.mark == mark]) for mark in marks]
        most = _with_ends(spread(turns, "peak_mb"), is_large(turns))
        rows.append([f"hourly totals, {users:,} users: {BY_NAME[engine].title}", *cells, most, str(MEMORY_MB)])
    return table([*head, "MB at most", "wanted"], rows)


def cost_cell(reached: Sequence[Stretch]) -> str:
    """– where it was not reached in time."""
    if not reached:
        return "–"
    return f"{_with_ends(spread(reached, 'cpu_us'))}; {written(spread(reached, 'memory_mb').median)} MB"


def scaling_table(found: Found) -> str:
    head = [
        "orders a second", "one process", "two, twice the partitions", "times", "wanted", "the cores allow",
        "µs of processor an order", "cores busy with one: processes + broker + database", "with two",
    ]  # fmt: skip
    rows = []
    for engine, (one, two) in doubled(found).items():
        gain, most = times(one, two), allowed(one)
        speeds = [_with_ends(spread(turns, "per_second")) for turns in (one, two)]
        costs = " → ".join(written(spread(turns, "cpu_us").median) for turns in (one, two))
        title = f"{BY_NAME[engine].worker}: {BY_NAME[engine].title}"
        gained = _bold(f"{gain:.2f} ×", gain < TIMES)
        rows.append([title, *speeds, gained, f"{TIMES} ×", f"{most:.2f} ×", costs, cores(one), cores(two)])
    return table(head, rows)


def cores(turns: Sequence[Scaled]) -> str:
    medians = [Spread.of(each).median for each in zip(*(turn.cores for turn in turns), strict=True)]
    return " + ".join(f"{each:.2f}" for each in medians)


def start_table(found: Found) -> str:
    rows = []
    for engine, turns in by(found.starts, lambda turn: turn.engine).items():
        took = seconds(turns)
        text = _with_ends(took, took.median > START_SECONDS)
        remembered = f"{turns[0].remembered:,} in {turns[0].partitions} partitions"
        memory = written(spread(turns, "memory_mb").median)
        rows.append([BY_NAME[engine].title, text, str(START_SECONDS), remembered, memory])
    head = ["from an aggregator's start to its first counted order", "s", "wanted", "orders remembered", "MB"]
    return table(head, rows)


def _with_ends(found: Spread, is_bold: bool = False) -> str:
    text = _bold(written(found.median), is_bold)
    return text if found.least == found.greatest else f"{text} ({written(found.least)}–{written(found.greatest)})"


def _bold(text: str, is_bold: bool) -> str:
    return f"**{text}**" if is_bold else text
