"""What one sees of a dashboard without reading it: it must be so. Each is how Grafana's own pages showed otherwise."""

import re
from collections.abc import Iterator

import pytest

from grafana.boards.known import MONITORS, WORKERS
from grafana.grid import AROUND, COLUMN, LETTER, LINK, NARROWEST, letters
from grafana.panels import UNKNOWN, Lines, Query, Steps
from grafana.panels.colors import OF_LABEL, TOPICS
from grafana.panels.colors import WORKERS as COLORS_OF_WORKERS
from grafana.prometheus_api import queries
from streaming.topics import Topic
from streaming.topology import EVERYWHERE
from streaming.topology import WORKERS as ALL_WORKERS
from tests.grafana.written import Json, columns, defaults, each_panel, each_query, overridden, value_columns

TILES = ("stat", "bargauge")


# --- States -----------------------------------------------------------------------------------------------------------
def test_a_state_timeline_shows_the_colours_of_its_states() -> None:
    # With colour mode `thresholds` Grafana shows one blue bar (grafana/grafana#71804).
    blue = [
        where
        for where, panel in each_panel("state-timeline", "status-history")
        if defaults(panel)["mappings"] and defaults(panel)["color"]["mode"] == "thresholds"
    ]
    assert blue == []


# --- Now --------------------------------------------------------------------------------------------------------------
def test_what_is_shown_as_now_is_asked_for_now() -> None:
    # Over a time range, the last value stands there for half an hour after its source has died.
    old = [
        where
        for where, panel in each_panel(*TILES, "table")
        for query in queries(panel)
        if query["range"] or not query["instant"]
    ]
    assert old == []


def test_what_the_monitor_saw_last_is_shown_only_while_it_sees() -> None:
    # run_monitor goes on telling it while Kafka is away.
    guarded = r"\) and on \(\) \(max\(platform_monitor_up\) == 1\)$"
    old = [
        (uid, title)
        for uid, title, _, expr in each_query()
        if re.search(r"kafka_(consumergroup|topic)_", expr) and not re.search(guarded, expr)
    ]
    assert old == []


def test_the_worst_of_all_workers_is_known_only_while_each_tells() -> None:
    worst = [
        expr
        for _, _, _, expr in each_query()
        if re.search(r"max\(platform_worker_freshness_seconds(?!\{worker=)", expr)
    ]
    assert worst
    assert all(f'count(count by (worker) (platform_worker_freshness_seconds{{worker=~"{WORKERS}"}})) == ' in expr
               for expr in worst)  # fmt: skip
    assert set(WORKERS.split("|")) == {worker.name for worker in EVERYWHERE if worker.reads}


# --- Unknown ----------------------------------------------------------------------------------------------------------
def test_a_figure_that_nobody_knows_is_grey() -> None:
    colored = [
        where
        for where, mappings in _mappings()
        if [each["options"]["result"].get("color") for each in mappings if _is_of_nothing(each)] != [UNKNOWN]
    ]
    assert colored == []


def _mappings() -> Iterator[tuple[str, list[Json]]]:
    for where, panel in each_panel(*TILES):
        yield where, defaults(panel)["mappings"]
    for where, panel in each_panel("table"):
        for name in value_columns(panel):
            yield f"{where}: {name}", overridden(panel)[name].get("mappings", [])


def _is_of_nothing(mapping: Json) -> bool:
    return bool(mapping["type"] == "special" and mapping["options"]["match"] == "null+nan")


def test_no_word_of_a_table_is_taken_for_no_number() -> None:
    # To Grafana a word is not a number either: what stands for NaN would stand for each.
    assert [where for where, panel in each_panel("table") if defaults(panel)["mappings"]] == []


def test_nothing_that_is_unknown_is_made_a_number() -> None:
    made_up = [
        (uid, title)
        for uid, title, _, expr in each_query()
        if re.search(r"\bclamp(_min|_max)?\b|\bor\b[^,]*\bvector\s*\(|\babsent\b", expr)
    ]
    assert made_up == []


# --- Titles -----------------------------------------------------------------------------------------------------------
def test_no_title_is_cut() -> None:
    cut = {
        where: columns * COLUMN
        for where, panel in each_panel()
        for columns, title in [(panel["gridPos"]["w"], panel["title"])]
        if LETTER * len(title) > COLUMN * columns - AROUND - (LINK if panel.get("links") else 0)
    }
    assert cut == {}


@pytest.mark.parametrize(
    ("columns", "linked", "room"), [(4, False, 21), (6, False, 35), (8, True, 46), (24, True, 163)]
)
def test_the_room_for_a_title_is_that_of_a_window_1440_wide(columns: int, linked: bool, room: int) -> None:
    assert letters(columns, linked=linked) == room


def test_no_panel_is_too_narrow_to_be_read() -> None:
    assert [where for where, panel in each_panel() if panel["gridPos"]["w"] < NARROWEST] == []


def test_tiles_are_named_by_what_they_count_and_ask_in_their_description() -> None:
    for where, panel in each_panel("stat"):
        assert not panel["title"].endswith("?"), where
        assert re.match(r"(?:(?!\. )[^?])+\?", panel["description"]), where


# --- Tables -----------------------------------------------------------------------------------------------------------
UNTOLD, MARGIN = 150, 16
"""Pixels: what Grafana gives a column that says nothing of its width; beside a table."""
HEADER = 40
"""Pixels that a column's heading needs beside its letters."""


def test_no_column_of_a_table_lies_off_the_screen() -> None:
    for where, panel in each_panel("table"):
        widths = [overridden(panel).get(name, {}).get("custom.width", UNTOLD) for name in columns(panel)]
        assert sum(widths) <= COLUMN * panel["gridPos"]["w"] - MARGIN, (where, widths)
        for name, width in zip(columns(panel), widths, strict=True):
            assert LETTER * len(name) + HEADER <= width, (where, name)


def test_a_verdict_is_the_first_column_and_the_worst_the_first_row() -> None:
    for where, panel in each_panel("table"):
        words = [name for name in columns(panel) if any(each["type"] == "value" for each in
                 overridden(panel).get(name, {}).get("mappings", [])) and name != "runbook"]  # fmt: skip
        assert columns(panel)[: len(words)] == words, where
        first = panel["options"]["sortBy"][0]
        assert first["displayName"] in columns(panel), where
        assert first["displayName"] in words or not words or len(value_columns(panel)) > 1, where
        assert first["desc"] == (first["displayName"] in value_columns(panel)), where


# --- Charts -----------------------------------------------------------------------------------------------------------
def test_an_axis_over_nothing_but_zeros_does_not_reach_up_to_a_hundred() -> None:
    for where, panel in each_panel("timeseries"):
        custom = defaults(panel)["custom"]
        assert 0 < custom.get("axisSoftMax", 0) <= 2**20, where
        assert defaults(panel).get("min") == 0 or custom.get("axisSoftMin", 0) < 0, where


def test_a_line_at_a_threshold_bears_the_colour_of_what_is_worse() -> None:
    # Grafana draws it in the colour of what is above it; where less is worse, it must be an area.
    for where, panel in each_panel("timeseries"):
        style, steps = defaults(panel)["custom"]["thresholdsStyle"]["mode"], defaults(panel)["thresholds"]["steps"]
        falling = len(steps) > 1 and steps[0]["color"] in {"red", "orange"}
        assert style == ("off" if len(steps) == 1 else "area" if falling else "dashed"), where
        assert not falling or steps[-1]["color"] == "transparent", where


MANY = {"topic", "consumergroup", "job", "view", "connector"}
"""Labels of which there may be a dozen."""


def test_a_legend_shows_the_worst_first_and_many_names_beside_the_lines() -> None:
    for where, panel in each_panel("timeseries"):
        legend, steps = panel["options"]["legend"], defaults(panel)["thresholds"]["steps"]
        falling = steps[0]["color"] == "red"
        assert legend["displayMode"] == "table", where
        assert (legend["sortBy"], legend["sortDesc"]) == (("Min", False) if falling else ("Max", True)), where
        assert ("min" if falling else "max") in legend["calcs"], where
        named = [re.findall(r"\{\{(\w+)\}\}", query.get("legendFormat", "")) for query in queries(panel)]
        # Of connectors there are two, or three.
        many = any(len(labels) > 1 or set(labels) & (MANY - {"connector"}) for labels in named)
        assert not many or legend["placement"] == "right", where
        assert legend["placement"] == "bottom" or panel["gridPos"]["w"] >= 10, where


def test_a_name_has_one_colour_wherever_it_stands() -> None:
    fixed: dict[tuple[str, str], set[str]] = {}
    for where, panel in each_panel("timeseries"):
        for query in queries(panel):
            alone = re.fullmatch(r"\{\{(\w+)\}\}([^{}]*)", query["legendFormat"])
            for name in OF_LABEL.get(alone[1], {}) if alone else ():
                told = overridden(panel)[f"{name}{alone[2]}"]["color"]  # type: ignore[index]
                assert told["mode"] == "fixed", where
                fixed.setdefault((alone[1], name), set()).add(told["fixedColor"])  # type: ignore[index]
    assert {name for label, name in fixed if label == "topic"} == set(TOPICS)
    assert all(len(colors) == 1 for colors in fixed.values())


def test_every_topic_and_worker_has_a_colour_and_none_that_of_another() -> None:
    assert set(TOPICS) == {topic.value for topic in Topic}
    assert set(COLORS_OF_WORKERS) == {worker.name for worker in ALL_WORKERS}
    for colors in (TOPICS, COLORS_OF_WORKERS):
        assert len(set(colors.values())) == len(colors)


def test_lines_of_the_same_colour_differ_by_their_dashes() -> None:
    panel = Lines(
        title="?",
        description="",
        unit="s",
        queries=[Query("a", "{{topic}} in"), Query("b", "{{topic}} out", dashed=True)],
    ).json(1, {"w": 12})
    styles = [
        each for each in panel["fieldConfig"]["overrides"] if each["matcher"] == {"id": "byFrameRefID", "options": "B"}
    ]
    assert [each["properties"][0]["value"]["fill"] for each in styles] == ["dash"]
    letters_of = overridden(panel)["transactions.dead-letters in"]
    assert letters_of["custom.lineStyle"]["fill"] == "dash"


def test_a_bar_has_the_colour_of_its_figure_and_no_other() -> None:
    # In a gradient, the bar of a healthy certificate passes through red and orange.
    assert {panel["options"]["displayMode"] for _, panel in each_panel("bargauge")} == {"basic"}


def test_no_line_runs_behind_a_number() -> None:
    assert {panel["options"]["graphMode"] for _, panel in each_panel("stat")} == {"none"}


# --- Traffic ----------------------------------------------------------------------------------------------------------
def test_what_monitors_ask_is_not_counted_as_traffic() -> None:
    counted = [
        (uid, title)
        for uid, title, _, expr in each_query()
        for selected in re.findall(r"django_http_(?:re\w+)(\{[^}]*\})?", expr)
        if f'view!~"{MONITORS}"' not in selected and 'view="health-ready"' not in selected
    ]
    assert counted == []


def test_a_falling_figure_is_bad_below_and_clear_above() -> None:
    panel = Lines(title="?", description="", unit="s", queries=[], steps=Steps(0.3, 0.1, rising=False)).json(
        1, {"w": 8}
    )
    colors = [(step["color"], step["value"]) for step in defaults(panel)["thresholds"]["steps"]]
    assert colors == [("red", None), ("orange", 0.1), ("transparent", 0.3)]
    assert panel["options"]["legend"]["sortBy"] == "Min"
