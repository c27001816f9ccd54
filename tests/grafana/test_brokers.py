"""What is added up over the brokers, or is the worst of them, is told only while each answers; bad news at once.

Each tile's own question is put to Prometheus' code, by promtool, with figures made up.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped] # its types are a package that nothing else here needs

from grafana.boards.known import BROKERS
from grafana.prometheus_api import queries
from native.layout import NODES
from tests.grafana.written import each_panel

OWN = re.compile(r'kafka_(?:server|controller|network)_\w+|process_open_fds(?=\{job="kafka")')
ASKED = {
    where: query["expr"]
    for where, panel in each_panel("stat", "bargauge")
    for query in queries(panel)
    if OWN.search(query["expr"])
}
IDLE = ("Request handlers, least idle", "Network threads, least idle")
WORSE = dict.fromkeys(IDLE, "0.1") | {"Open files, fullest broker": "950"}
GOOD = dict.fromkeys(IDLE, "0.9")


def told(tmp_path: Path, asked: str, figures: dict[str, str], *, silent: bool) -> bool:
    """Whether there is an answer when two brokers have figures like these, and the third has, too, or is silent."""
    series = []
    for node, is_up in ((1, True), (2, True), (3, not silent)):
        labels = f'{{job="kafka",instance="kafka-{node}"}}'
        series.append({"series": f"up{labels}", "values": f"{int(is_up)}x30"})
        series += [{"series": f"{name}{labels}", "values": values} for name, values in figures.items() if is_up]
    nothing = {"expr": asked, "eval_time": "5m", "exp_samples": []}
    case = {"interval": "15s", "input_series": series, "promql_expr_test": [nothing]}
    file = tmp_path / "asked.yml"
    file.write_text(yaml.safe_dump({"evaluation_interval": "15s", "tests": [case]}))
    promtool = shutil.which("promtool")
    assert promtool, "promtool is not installed: apt-get install prometheus"
    ran = subprocess.run([promtool, "test", "rules", file], text=True, capture_output=True, check=False)
    assert ran.returncode == 0 or "got:" in ran.stdout + ran.stderr, ran.stdout + ran.stderr
    return ran.returncode != 0


def figures(where: str, asked: str, of_title: dict[str, str], otherwise: str) -> dict[str, str]:
    values = of_title.get(where.rpartition(": ")[2], otherwise)
    named = set(OWN.findall(asked))
    shown = dict.fromkeys(named, f"{values}x30" if "+" not in values else values)
    return shown | ({"process_max_fds": "1000x30"} if "process_open_fds" in named else {})


def test_what_brokers_tell_by_themselves_is_asked_by_tiles() -> None:
    assert len(NODES) == BROKERS
    assert len(ASKED) >= 11


@pytest.mark.parametrize("where", ASKED)
def test_what_is_good_of_two_of_three_is_unknown(where: str, tmp_path: Path) -> None:
    good = figures(where, ASKED[where], GOOD, "0")
    assert told(tmp_path, ASKED[where], good, silent=False)
    assert not told(tmp_path, ASKED[where], good, silent=True)


@pytest.mark.parametrize("where", [where for where in ASKED if not where.endswith(": Logins within 5 min")])
def test_what_is_bad_already_of_two_of_three_is_told(where: str, tmp_path: Path) -> None:
    rising = "0+30x30" if re.search(r"increase", ASKED[where]) else "200"
    assert told(tmp_path, ASKED[where], figures(where, ASKED[where], WORSE, rising), silent=True)
