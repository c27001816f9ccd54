"""Dashboards before a real Prometheus that knows nearly nothing: one instance, which is silent, and the rules."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from math import isnan
from pathlib import Path

import pytest

from grafana.boards.alerts import RUNBOOKS
from grafana.prometheus_api import Prometheus, filled_in, queries
from native.driving.embedded import ROOT, free_ports, wait_until
from tests.grafana.written import WRITTEN, Json, each_panel

CONFIGURED = ROOT / "compose" / "prometheus"
SILENT = {"targets": ["127.0.0.1:1"], "labels": {"job": "kafka", "instance": "kafka-1"}}
ADDRESS = "https://git.example/docs/runbooks"
ALERTS, SILENCE = "platform-overview: Alerts firing", "platform-overview: Silent instances"
"""What it knows: rules are evaluated, and one instance was asked."""


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    program = shutil.which("prometheus")
    assert program, "prometheus is not installed: apt-get install prometheus"
    home, [port] = tmp_path_factory.mktemp("prometheus"), free_ports(1)
    for name in ("prometheus.yml", "rules"):
        (home / name).symlink_to(CONFIGURED / name)
    (home / "targets").mkdir()
    (home / "targets" / "one.json").write_text(json.dumps([SILENT]))
    command = [
        program, "--enable-feature=expand-external-labels", f"--config.file={home / 'prometheus.yml'}",
        f"--storage.tsdb.path={home / 'data'}", f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=home, env=os.environ | {"RUNBOOKS_URL": ADDRESS})
    try:
        yield _once_it_has_looked(Prometheus(f"http://127.0.0.1:{port}"))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _once_it_has_looked(prometheus: Prometheus) -> Prometheus:
    def has_looked() -> bool:
        try:
            return bool(prometheus.at("up == 0") and prometheus.at('ALERTS{alertname="Watchdog"}'))
        except OSError:
            return False

    wait_until(has_looked, "Prometheus has asked its target and evaluated its rules", 60)
    return prometheus


def answers(prometheus: Prometheus, panel: Json) -> list[float]:
    """The figures that a panel has for its questions; everything may be chosen."""
    anything = {each["name"]: ".*" for board in WRITTEN.values() for each in board["templating"]["list"]}
    found = [series.last for query in queries(panel) for series in prometheus.at(filled_in(query["expr"], anything))]
    return [value for value in found if not isnan(value)]


def test_nothing_is_told_of_what_nobody_tells(prometheus: Prometheus) -> None:
    told = {where: answers(prometheus, panel) for where, panel in each_panel("stat", "bargauge")}
    assert {where for where, figures in told.items() if figures} == {ALERTS, SILENCE}
    assert told[SILENCE] == [1.0]


def test_the_overview_names_who_is_silent_and_what_fires_with_its_runbook(prometheus: Prometheus) -> None:
    [silent] = [panel for where, panel in each_panel("table") if "Which instances are silent?" in where]
    [state, answered] = queries(silent)
    assert [each.labels["instance"] for each in prometheus.at(state["expr"])] == ["kafka-1"]
    assert [each.last for each in prometheus.at(answered["expr"])] == [0.0]
    [firing] = [panel for where, panel in each_panel("table") if "Which alerts fire" in where]
    [query] = queries(firing)
    assert "Watchdog" not in {row.labels["alertname"] for row in prometheus.at(query["expr"])}
    # The one that always fires is left out of the table; it stands for the others here.
    [row] = prometheus.at(query["expr"].replace('severity!="none"', 'severity="none"'))
    assert (row.labels["runbook"], row.labels["severity"], row.labels["about"].strip()) == ("Watchdog", "none", "")
    assert row.last >= 0


def test_a_browser_opens_what_annotations_and_the_overview_lead_to(prometheus: Prometheus) -> None:
    metric, label = RUNBOOKS.values.removeprefix("label_values(").removesuffix(")").rsplit(", ", 1)
    assert prometheus.label_values(metric, label) == [ADDRESS]
    [alert] = [each for each in prometheus.get("alerts")["alerts"] if each["labels"]["alertname"] == "Watchdog"]
    assert alert["annotations"]["runbook_url"] == f"{ADDRESS}/watchdog.md"
    assert Path(ROOT / "docs" / "runbooks" / "watchdog.md").exists()
