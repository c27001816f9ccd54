"""What many turns come to: medians and spreads, ratios to the peer, and the table of them. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.api.kinds import Kind
from bench.api.measured import Measured, Turn
from bench.figures import Spread, ratio, written
from bench.marked import table

PEER = "spring"
MEMORY_GOAL = 0.6
P99_GOALS = {"ours-mysql": 100, "ours-sqlite": 250}
"""ms, beside busy workers"""
TITLES = {"spring": "Spring Boot, MySQL", "ours-mysql": "ours, MySQL", "ours-sqlite": "ours, SQLite"}
FIGURES = ("per_second", "p50_ms", "p99_ms", "max_ms", "server_cpu_ms", "database_cpu_ms")


def summary(turns: Sequence[Turn], kinds: Iterable[Kind]) -> dict[str, Any]:
    """By server: of each kind all figures, and the memory; as median, least and greatest."""
    return {server: _of_server([turn for turn in turns if turn.server == server], kinds) for server in servers(turns)}


def servers(turns: Iterable[Turn]) -> list[str]:
    """Those that had a turn, in the order of TITLES."""
    had = {turn.server for turn in turns}
    return [server for server in TITLES if server in had]


def _of_server(turns: Sequence[Turn], kinds: Iterable[Kind]) -> dict[str, Any]:
    measured = {
        kind.name: {
            figure: Spread.of(getattr(turn.kinds[kind.name], figure) for turn in turns).as_json() for figure in FIGURES
        }
        for kind in kinds
    }
    return {"memory_mb": Spread.of(turn.memory_mb for turn in turns).as_json(), "kinds": measured}


def ratios(summed: Mapping[str, Any], kinds: Iterable[Kind]) -> dict[str, dict[str, float | None]]:
    """By server of ours: how many times the peer's its medians are; of the memory, too. Empty without a peer."""
    if PEER not in summed:
        return {}
    peer = summed[PEER]
    return {
        server: {kind.name: _ratio(each, peer, kind) for kind in kinds}
        | {"memory": ratio(Spread(**each["memory_mb"]), Spread(**peer["memory_mb"]))}
        for server, each in summed.items()
        if server != PEER
    }


def _ratio(ours: Mapping[str, Any], peer: Mapping[str, Any], kind: Kind) -> float | None:
    ours_per_second, peers = (Spread(**each["kinds"][kind.name]["per_second"]) for each in (ours, peer))
    return ratio(ours_per_second, peers)


def rendered(summed: Mapping[str, Any], kinds: Sequence[Kind], busy: Sequence[Turn]) -> str:
    """The tables that stand in bench/README.md."""
    parts = [_speeds(summed, kinds), _costs(summed, kinds)]
    if busy:
        parts.append(_busy(busy, kinds))
    return "\n\n".join(parts)


def _speeds(summed: Mapping[str, Any], kinds: Sequence[Kind]) -> str:
    of_peer = ratios(summed, kinds)
    head = ["a second, median (least–greatest)", *(TITLES[server] for server in summed)]
    rows = [
        [f"{kind.title}, {kind.unit}", *(_speed(summed[server], kind, of_peer.get(server)) for server in summed)]
        for kind in kinds
    ]
    memory = ["memory, MB", *(_memory(summed[server], of_peer.get(server)) for server in summed)]
    return table(head, [*rows, memory])


def _speed(server: Mapping[str, Any], kind: Kind, of_peer: Mapping[str, float | None] | None) -> str:
    found = Spread(**server["kinds"][kind.name]["per_second"])
    text = f"{written(found.median)} ({written(found.least)}–{written(found.greatest)})"
    return text if of_peer is None else f"{text} = **{_times(of_peer[kind.name])}**, wanted {kind.goal:g} ×"


def _memory(server: Mapping[str, Any], of_peer: Mapping[str, float | None] | None) -> str:
    text = written(server["memory_mb"]["median"])
    return text if of_peer is None else f"{text} = **{_times(of_peer['memory'])}**, wanted ≤ {MEMORY_GOAL:g} ×"


def _times(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2f} ×"


def _costs(summed: Mapping[str, Any], kinds: Sequence[Kind]) -> str:
    """Waiting times and processor times, the medians of all rounds."""
    head = ["p50 / p99 / max, ms; processor of server + database, ms", *(TITLES[server] for server in summed)]
    rows = [[kind.title, *(_cost(summed[server]["kinds"][kind.name]) for server in summed)] for kind in kinds]
    return table(head, rows)


def _cost(measured: Mapping[str, Any]) -> str:
    waits = " / ".join(written(measured[figure]["median"]) for figure in ("p50_ms", "p99_ms", "max_ms"))
    return f"{waits}; {' + '.join(written(measured[figure]['median']) for figure in FIGURES[-2:])}"


def _busy(turns: Sequence[Turn], kinds: Sequence[Kind]) -> str:
    """turns: of ours beside busy workers."""
    head = ["beside busy workers: a second; p50 / **p99** / max, ms", *(_wanted(turn.server) for turn in turns)]
    rows = [[kind.title, *(_beside(turn.kinds[kind.name]) for turn in turns)] for kind in kinds]
    return table(head, rows)


def _wanted(server: str) -> str:
    return f"{TITLES[server]}, wanted p99 ≤ {P99_GOALS[server]} ms"


def _beside(measured: Measured) -> str:
    p50, p99, longest = (written(each) for each in (measured.p50_ms, measured.p99_ms, measured.max_ms))
    return f"{written(measured.per_second)}; {p50} / **{p99}** / {longest}"
