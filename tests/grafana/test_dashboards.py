"""The dashboards that are checked in: what Grafana would make of them, and what people would."""

import json
import re
import shutil
import subprocess
from copy import deepcopy
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped] # its types are a package that nothing else here needs
from jsonschema import Draft7Validator  # type: ignore[import-untyped] # as above

from grafana import generate
from grafana.boards import DASHBOARDS
from grafana.dashboard import widths
from grafana.grid import COLUMNS
from grafana.panels import Figure, Steps
from grafana.prometheus_api import filled_in, panels, queries
from native.driving.embedded import ROOT
from tests.compose.composition import SERVICES
from tests.grafana.metrics import KNOWN, metrics_in
from tests.grafana.written import FILES, WRITTEN, Json, each_query

SCHEMA = ROOT / "grafana" / "schema"
PROVISIONING = ROOT / "grafana" / "provisioning"
VALIDATOR = Draft7Validator(json.loads((SCHEMA / "dashboard.schema.json").read_text()))

UNITS = {"none", "short", "percentunit", "s", "ms", "bytes", "binBps", "reqps", "ops", "string"}
"""Grafana's names of units; "suffix:…" beside them means the word itself. `bytes` and `binBps` count in 1,024s."""

each_dashboard = pytest.mark.parametrize("uid", WRITTEN)


# --- Files ------------------------------------------------------------------------------------------------------------
def test_the_files_are_what_the_code_makes(tmp_path: Path) -> None:
    generate.generate(tmp_path)
    made = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert {file.name for file in FILES} == set(made)
    different = [file.name for file in FILES if file.read_text() != made[file.name]]
    assert different == [], "make dashboards writes them anew"


def test_a_dashboard_that_is_no_more_is_removed(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text("{}")
    generate.generate(tmp_path)
    assert {file.stem for file in tmp_path.iterdir()} == {dashboard.uid for dashboard in DASHBOARDS}


# --- Grafana ----------------------------------------------------------------------------------------------------------
@each_dashboard
def test_grafanas_own_types_allow_it(uid: str) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(WRITTEN[uid])] == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda dashboard: dashboard.update(timeZone="browser"),
        lambda dashboard: dashboard["panels"][1].update(tittle="?"),
        lambda dashboard: dashboard["panels"][1].update(type="singlestat"),
        lambda dashboard: dashboard["panels"][1]["options"].update(graphmode="area"),
        lambda dashboard: dashboard["panels"][1]["options"].update(graphMode="areas"),
        lambda dashboard: dashboard["panels"][1]["fieldConfig"]["defaults"].update(units="s"),
        lambda dashboard: dashboard["panels"][1]["targets"][0].update(legend="{{job}}"),
        lambda dashboard: dashboard["panels"][1]["targets"][0].pop("expr"),
        lambda dashboard: dashboard["panels"][1]["gridPos"].update(w="6"),
        lambda dashboard: dashboard["annotations"]["list"][0].pop("name"),
    ],
)
def test_a_slip_of_the_pen_is_found(spoil: Any) -> None:
    dashboard = deepcopy(WRITTEN["platform-overview"])
    spoil(dashboard)
    assert not VALIDATOR.is_valid(dashboard)


def test_the_types_are_those_of_the_grafana_that_runs() -> None:
    of_types = json.loads((SCHEMA / "package.json").read_text())["devDependencies"]["@grafana/schema"]
    assert SERVICES["grafana"]["image"] == f"grafana/grafana:{of_types}"


def test_grafana_is_told_of_every_data_source_and_of_the_folder() -> None:
    provided = yaml.safe_load((PROVISIONING / "datasources" / "platform.yml").read_text())["datasources"]
    wanted = {
        (target["datasource"]["type"], target["datasource"]["uid"])
        for dashboard in WRITTEN.values()
        for panel in panels(dashboard)
        for target in panel["targets"]
    }
    assert wanted == {(each["type"], each["uid"]) for each in provided}
    assert {each["url"].split("//")[1].split(":")[0] for each in provided} <= set(SERVICES)
    [provider] = yaml.safe_load((PROVISIONING / "dashboards" / "platform.yml").read_text())["providers"]
    assert f"../grafana/dashboards:{provider['options']['path']}:ro" in SERVICES["grafana"]["volumes"]


# --- Layout -----------------------------------------------------------------------------------------------------------
@each_dashboard
def test_panels_lie_on_the_grid_and_not_on_each_other(uid: str) -> None:
    cells = [
        {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        for panel in WRITTEN[uid]["panels"]
        for place in [panel["gridPos"]]
    ]
    assert all(cells)
    assert not any(one & other for one, other in combinations(cells, 2))
    covered = set().union(*cells)
    # Nothing outside, no gap within.
    assert covered == {(x, y) for x in range(COLUMNS) for y in range(max(y for _, y in covered) + 1)}


def test_a_line_that_does_not_fill_the_grid_is_refused() -> None:
    def figure(width: int | None) -> Figure:
        return Figure(title="?", description="", unit="s", queries=[], width=width)

    assert widths([figure(None)] * 5) == [5, 5, 5, 5, 4]
    assert widths([figure(10), figure(None), figure(None)]) == [10, 7, 7]
    for line in ([figure(10), figure(10)], [figure(20), figure(8)], [figure(24), figure(None)]):
        with pytest.raises(ValueError, match="do not fill 24 columns"):
            widths(line)


@each_dashboard
def test_every_panel_has_a_number_of_its_own(uid: str) -> None:
    numbers = [panel["id"] for panel in WRITTEN[uid]["panels"]]
    assert len(set(numbers)) == len(numbers)


# --- Words ------------------------------------------------------------------------------------------------------------
@each_dashboard
def test_every_panel_asks_a_question_or_names_a_figure_says_what_to_do_and_in_what_it_counts(uid: str) -> None:
    titles = [panel["title"] for panel in panels(WRITTEN[uid])]
    assert len(set(titles)) == len(titles)
    for panel in panels(WRITTEN[uid]):
        question = r"[A-Z][^?]{8,70}\?"
        name = r"[A-Z][^?]{3,34}"
        assert re.fullmatch(name if panel["type"] == "stat" else question, panel["title"]), panel["title"]
        assert len(panel["description"]) >= 60, panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        unit = panel["fieldConfig"]["defaults"]["unit"]
        assert unit in UNITS or re.fullmatch(r"suffix:\S+", unit), (panel["title"], unit)


@each_dashboard
def test_series_are_named_by_labels_that_they_bear(uid: str) -> None:
    for panel in panels(WRITTEN[uid]):
        for query in queries(panel):
            # What must hold for an answer to be known is no part of the answer.
            legend, expr = query.get("legendFormat", ""), query["expr"].split(" and on () ")[0]
            for label in re.findall(r"\{\{(\w+)\}\}", legend):
                kept = set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", expr))))
                assert label in kept or not kept, (panel["title"], label)
            grouped = " by (" in expr and "histogram_quantile" not in expr
            assert "{{" in legend or panel["type"] == "table" or not grouped, panel["title"]
            assert legend or panel["type"] in {"stat", "table"}, panel["title"]


@each_dashboard
def test_a_tables_columns_are_named(uid: str) -> None:
    for panel in panels(WRITTEN[uid]):
        if panel["type"] == "table":
            [arranged] = [each["options"] for each in panel["transformations"] if each["id"] == "organize"]
            for query in queries(panel):
                value = f"Value #{query['refId']}" if len(queries(panel)) > 1 else "Value"
                assert arranged["renameByName"][value] in {each["matcher"]["options"] for each in _overrides(panel)}
                assert set(arranged["includeByName"]) - {value} >= set(_labels(query["expr"]))


def _overrides(panel: Json) -> list[Json]:
    found: list[Json] = panel["fieldConfig"]["overrides"]
    return found


def _labels(expr: str) -> list[str]:
    grouped = re.search(r"by \(([^)]*)\)", expr)
    return grouped[1].split(", ") if grouped else []


def test_thresholds_get_worse_with_the_value_or_with_its_fall() -> None:
    def steps(*arguments: Any, **named: Any) -> list[tuple[str, float | None]]:
        return [(step["color"], step["value"]) for step in Steps(*arguments, **named).json()["steps"]]

    assert steps(10, 30) == [("green", None), ("orange", 10), ("red", 30)]
    assert steps(None, 1) == [("green", None), ("red", 1)]
    assert steps(30, 7, rising=False) == [("red", None), ("orange", 7), ("green", 30)]


# --- Links and variables ----------------------------------------------------------------------------------------------
def test_links_lead_to_dashboards_that_are_there() -> None:
    addresses = {
        link["url"] for dashboard in WRITTEN.values() for panel in panels(dashboard) for link in panel.get("links", [])
    }
    assert addresses
    assert addresses <= {f"/d/{uid}" for uid in WRITTEN}


@each_dashboard
def test_every_dashboard_leads_to_the_others_and_shows_when_alerts_fired(uid: str) -> None:
    [link] = WRITTEN[uid]["links"]
    assert set(link["tags"]) <= set(WRITTEN[uid]["tags"])
    [annotation] = WRITTEN[uid]["annotations"]["list"]
    assert annotation["target"]["expr"].startswith('ALERTS{alertstate="firing"')


@each_dashboard
def test_what_can_be_chosen_is_what_queries_ask_for(uid: str) -> None:
    chosen = {variable["name"] for variable in WRITTEN[uid]["templating"]["list"]}
    used = {name for panel in panels(WRITTEN[uid]) for query in queries(panel) for name in _variables(query["expr"])}
    led_by = {variable["name"] for variable in WRITTEN[uid]["templating"]["list"] if variable.get("hide")}
    assert used == chosen - led_by
    assert all(f"${{{name}:raw}}" in str(WRITTEN[uid]["panels"]) for name in led_by)


def _variables(expr: str) -> set[str]:
    # $1 is a group of a regular expression, and $__interval Grafana's own.
    return {name for name in re.findall(r"\$([a-zA-Z_]\w*)", expr) if not name.startswith("__")}


# --- Queries ----------------------------------------------------------------------------------------------------------
def test_prometheus_understands_every_query(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    assert promtool, "promtool is not installed: apt-get install prometheus"
    asked = list(each_query())
    # No tool of Prometheus 2.42 reads a single expression, but a recording rule is one.
    rules = [
        {"record": f"query:{number}", "expr": filled_in(expr, dict.fromkeys(_variables(expr), ".*"))}
        for number, (*_, expr) in enumerate(asked)
    ]
    file = tmp_path / "queries.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    checked = subprocess.run([promtool, "check", "rules", file], text=True, capture_output=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert f"{len(asked)} rules found" in checked.stdout


def test_every_metric_that_is_asked_for_is_documented() -> None:
    unknown = {(uid, name) for uid, _, _, expr in each_query() for name in metrics_in(expr) - KNOWN}
    assert unknown == set()


@pytest.mark.parametrize(
    ("expr", "names"),
    [
        ('sum by (topic) (rate(kafka_records{topic=~"a_b|c"}[1m])) or vector(0)', {"kafka_records"}),
        ("sum by (le) (a_bucket) / on (le) group_left () clamp_min(b, 0.5)", {"a_bucket", "b"}),
        ('histogram_quantile(0.99, sum by (le, view) (rate(took_bucket{view=~"$view"}[$__rate_interval])))',
         {"took_bucket"}),
        ("time() - max(stamp > 0)", {"stamp"}),
    ],
)  # fmt: skip
def test_metrics_are_found_in_expressions(expr: str, names: set[str]) -> None:
    assert metrics_in(expr) == names
