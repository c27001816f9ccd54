"""Prometheus' own tools check the rules; and each alert has a test, a runbook and somebody to be told."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped] # its types are a package that nothing else here needs
from django.core.management import get_commands

from native.driving.embedded import ROOT
from streaming import topology

RULES = sorted((ROOT / "compose" / "prometheus" / "rules").glob("*.yml"))
TESTS = {file.name: file for file in (ROOT / "tests" / "prometheus").glob("*.yml")}
RUNBOOKS = ROOT / "docs" / "runbooks"
ALERTMANAGER = ROOT / "compose" / "alertmanager" / "alertmanager.yml"
each_file = pytest.mark.parametrize("file", RULES, ids=lambda file: file.stem)

Rule = dict[str, Any]


def alerts(file: Path) -> list[Rule]:
    groups = yaml.safe_load(file.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


ALERTS = [rule for file in RULES for rule in alerts(file)]


def of_prometheus(name: str, package: str) -> str:
    program = shutil.which(name)
    assert program, f"{name} is not installed, and without it no alert is tested: apt-get install {package}"
    return program


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


@pytest.fixture(scope="module")
def promtool() -> str:
    return of_prometheus("promtool", "prometheus")


# --- What Prometheus' tools say ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["prometheus.yml", "docker.yml"])
def test_prometheus_can_read_its_configuration_and_all_rules(promtool: str, name: str) -> None:
    checked = run(promtool, "check", "config", ROOT / "compose" / "prometheus" / name)
    assert checked.returncode == 0, checked.stdout
    assert f"SUCCESS: {len(RULES)} rule files found" in checked.stdout
    assert run(promtool, "check", "rules", "--lint=all", "--lint-fatal", *RULES).returncode == 0


@each_file
def test_alerts_fire_and_clear_when_they_should(promtool: str, file: Path) -> None:
    tested = run(promtool, "test", "rules", TESTS[file.name])
    assert tested.returncode == 0, tested.stdout


def test_alertmanager_can_read_its_configuration() -> None:
    checked = run(of_prometheus("amtool", "prometheus-alertmanager"), "check-config", ALERTMANAGER)
    assert checked.returncode == 0, checked.stdout


# --- What every alert must have ---------------------------------------------------------------------------------------
@each_file
def test_every_alert_is_tested_firing_and_not_firing(file: Path) -> None:
    checks = [
        check for case in yaml.safe_load(TESTS[file.name].read_text())["tests"] for check in case["alert_rule_test"]
    ]
    silent = {check["alertname"] for check in checks if not check["exp_alerts"]} | {"Watchdog"}
    firing = {
        (check["alertname"], expected["exp_labels"].get("window"))
        for check in checks
        for expected in check["exp_alerts"]
    }
    for rule in alerts(file):
        assert (rule["alert"], rule["labels"].get("window")) in firing
        assert rule["alert"] in silent


def kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: f"{rule['alert']} {rule['labels'].get('window', '')}".strip())
def test_every_alert_says_what_is_wrong_with_figures_and_what_to_do(rule: Rule) -> None:
    assert rule["labels"]["severity"] in {"critical", "warning", "none"}
    told = rule["annotations"]
    assert set(told) == {"summary", "description", "runbook_url"}
    assert re.search(r"\$value|\$labels|\| value", told["description"]) or rule["alert"] == "Watchdog"
    assert told["runbook_url"] == f"{{{{ $externalLabels.runbooks }}}}/{kebab(rule['alert'])}.md"


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    assert {kebab(rule["alert"]) for rule in ALERTS} == {file.stem for file in RUNBOOKS.glob("*.md")}


@pytest.mark.parametrize("name", sorted({rule["alert"] for rule in ALERTS}))
def test_a_runbook_answers_what_an_operator_asks(name: str) -> None:
    text = (RUNBOOKS / f"{kebab(name)}.md").read_text()
    assert text.startswith(f"# {name}\n")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings == [
        "What it means",
        "How to see it",
        "What usually causes it",
        "What to do",
        "How to know it is over",
    ]
    for command in re.findall(r"manage\.py (\w+)", text):
        assert command in get_commands(), f"{name}: there is no manage.py {command}"
    for target in re.findall(r"`make ([a-z-]+)", text):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE), f"{name}: no make {target}"
    for link in re.findall(r"\]\(([\w./-]+\.md)", text):
        assert (RUNBOOKS / link).exists(), f"{name}: {link}"


# --- Names that stand in rules in full --------------------------------------------------------------------------------
def expression(name: str) -> str:
    return " ".join(rule["expr"] for rule in ALERTS if rule["alert"] == name)


def test_every_worker_and_its_group_is_watched() -> None:
    groups = topology.readers().keys()
    named = re.findall(r'consumergroup=~"([^"]+)"', expression("LagGrowing") + expression("ConsumerStuck"))
    assert len(named) == 2
    assert all(re.fullmatch(pattern, group) for pattern in named for group in groups)
    assert set(re.findall(r'consumergroup="(\w+)"', expression("LagUnknown"))) == groups
    assert set(re.findall(r'worker="(\w+)"', expression("WorkerAbsent"))) == groups


def test_alertmanager_names_only_alerts_that_there_are() -> None:
    names = {rule["alert"] for rule in ALERTS}
    for matcher in re.findall(r"alertname (=~?) \"?([\w.+|]+)", ALERTMANAGER.read_text()):
        for pattern in matcher[1].split("|"):
            assert any(re.fullmatch(pattern, name) for name in names), pattern
