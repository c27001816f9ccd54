"""Pictures of dashboards, from figures that a test invents."""

import json
from collections.abc import Mapping, Sequence
from itertools import combinations, product
from math import nan
from typing import Any

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgba_array
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from grafana.dashboard import Dashboard, Section
from grafana.draw import SAID, draw
from grafana.drawing.answers import cell_of, of_nothing, spans, with_gaps
from grafana.drawing.sheet import COLORS, shortened, width_of
from grafana.generate import FOLDER
from grafana.panels import UNKNOWN, Lines, Panel, Query, States, Steps
from grafana.panels import Figure as Tile
from grafana.panels.colors import TOPICS
from grafana.prometheus_api import Prometheus, Series, filled_in, name_of
from grafana.units import worded
from report.gather import REQUIRED_WIDTH
from report.required import REQUIRED, Required, part_of

BEGIN, END = 1_800_000_000.0, 1_800_001_800.0
GROUPS = ["aggregator", "a consumer group whose name is longer than any panel is wide " * 4]
VALUES = {
    "consumergroup": GROUPS,
    "topic": ["transactions", "transactions.status"],
    "partition": ["0", "1", "2"],
    "instance": ["kafka-1", "kafka-2", "kafka-3"],
}


class Invented(Prometheus):
    """Answers each question with a series for every combination of the labels that it keeps."""

    def __init__(self, value: float = 12345.678) -> None:
        super().__init__("nowhere")
        object.__setattr__(self, "value", value)

    def _labels(self, expr: str) -> list[Mapping[str, str]]:
        kept = [
            label for label in VALUES if "by (" in expr and label in expr.split("by (")[1].split(")", maxsplit=1)[0]
        ]
        return [dict(zip(kept, values, strict=True)) for values in product(*(VALUES[label] for label in kept))]

    def at(self, expr: str, moment: float | None = None) -> list[Series]:
        return [Series(labels, [(moment or END, self.value)]) for labels in self._labels(expr)]  # type: ignore[attr-defined]

    def over(self, expr: str, begin: float, end: float, step: float) -> list[Series]:
        moments = [begin, (begin + end) / 2, end]
        return [Series(each.labels, [(at, each.last) for at in moments]) for each in self.at(expr)]

    def label_values(self, metric: str, label: str) -> list[str]:
        return VALUES[label]


class Silent(Invented):
    def _labels(self, expr: str) -> list[Mapping[str, str]]:
        return []


def picture(uid: str, prometheus: Prometheus, lines: Sequence[str] = ()) -> Figure:
    dashboard = json.loads((FOLDER / f"{uid}.json").read_text())
    return draw(dashboard, prometheus, begin=BEGIN, end=END, lines=lines)


def written(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.texts]


# --- Pictures ---------------------------------------------------------------------------------------------------------
LOG = ["a line of a log that is longer than the panel is wide " * 9] * 50


@pytest.mark.parametrize("uid", ["platform-lag", "platform-security"])
def test_what_is_written_in_a_panel_stays_in_it_and_hides_nothing(uid: str) -> None:
    stays_in_its_panel(picture(uid, Invented(), LOG), panels=6)


@pytest.mark.parametrize("each", REQUIRED, ids=lambda each: each.name)
def test_panels_as_wide_as_a_page_can_be_read(each: Required) -> None:
    part = part_of(json.loads((FOLDER / f"{each.uid}.json").read_text()), each.panels)
    figure = draw(part, Invented(), begin=BEGIN, end=END, lines=LOG, width=REQUIRED_WIDTH)
    stays_in_its_panel(figure, panels=len(each.panels))
    marks = [mark for axes in figure.axes for mark in axes.get_xticklabels() + axes.get_yticklabels()]
    assert min(float(text.get_fontsize()) for text in figure.texts + marks) >= 7


def stays_in_its_panel(figure: Figure, panels: int) -> None:
    """Each word within its own panel, and none over another. panels: how many there are at least."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = [patch.get_window_extent() for patch in figure.patches + figure.artists if patch.get_zorder() == -1]
    large = [box for box in boxes if box.height > 100]
    assert len(large) >= panels
    texts = {text.get_text(): text.get_window_extent(canvas.get_renderer()) for text in figure.texts}
    for words, extent in texts.items():
        for box in large:
            if box.contains((extent.x0 + extent.x1) / 2, (extent.y0 + extent.y1) / 2):
                assert box.x0 - 1 <= extent.x0, words
                assert extent.x1 <= box.x1 + 1, words
                assert box.y0 - 1 <= extent.y0, words
                assert extent.y1 <= box.y1 + 1, words
    # Lines of small text may touch.
    hidden = [pair for pair in combinations(texts, 2) if texts[pair[0]].padded(-2).overlaps(texts[pair[1]].padded(-2))]
    assert hidden == []


def test_a_picture_says_who_drew_it_of_when_and_what_each_panel_asks() -> None:
    words = " ".join(written(picture("platform-lag", Invented())))
    assert SAID in words
    assert "2027-01-15, 08:00 to 08:30 UTC" in words
    assert "Which group is behind, and by how much?" in words


@pytest.mark.parametrize("minutes", [2, 6, 7, 30, 45])
def test_a_short_time_has_several_marks_too(minutes: int) -> None:
    panel = Lines(title="?", description="", unit="none", queries=[Query("a", "a")])
    dashboard = Dashboard("one", "One", "One panel.", [Section("Here", [[panel]])])
    [axes] = draw(dashboard.json(), Invented(), begin=END - 60 * minutes, end=END).axes
    assert len(axes.get_xticks()) >= 3


def kinds_of(uid: str) -> list[str]:
    return [panel["type"] for panel in json.loads((FOLDER / f"{uid}.json").read_text())["panels"]]


def test_a_panel_without_data_says_so_and_a_tile_in_grey() -> None:
    figure, kinds = picture("platform-lag", Silent()), kinds_of("platform-lag")
    over_time = kinds.count("timeseries") + kinds.count("state-timeline")
    assert written(figure).count("no data in this time") == over_time
    assert written(figure).count("unknown") == kinds.count("stat") + kinds.count("table")
    assert "not compared" in written(picture("platform-cdc", Silent()))
    # Those of them that have a background.
    assert faces(figure).count(UNKNOWN) == 3


def test_figures_that_are_no_numbers_are_drawn_as_unknown() -> None:
    figure = picture("platform-lag", Invented(nan))
    # One of them tells of two groups.
    assert written(figure).count("unknown") == kinds_of("platform-lag").count("stat") + 1
    assert COLORS["green"] not in faces(figure)


def faces(figure: Figure) -> list[str]:
    return [to_hex(artist.get_facecolor()) for artist in figure.artists if isinstance(artist, Rectangle)]


# --- As Grafana does it -----------------------------------------------------------------------------------------------
def drawn(panel: Panel, value: float) -> Figure:
    dashboard = Dashboard("one", "One", "One panel.", [Section("Here", [[panel]])])
    return draw(dashboard.json(), Invented(value), begin=BEGIN, end=END)


def test_a_title_is_cut_where_grafana_cuts_it() -> None:
    title = "How many records are there that wait to be read by somebody?"
    figures = [Tile(title=title, description="", unit="s", queries=[Query("a")], width=4) for _ in range(6)]
    dashboard = Dashboard("one", "One", "One line.", [Section("Here", [figures])])
    assert "How many records are…" in written(draw(dashboard.json(), Invented(), begin=BEGIN, end=END))


@pytest.mark.parametrize(("mode", "color"), [("palette-classic", COLORS["green"]), ("thresholds", COLORS["blue"])])
def test_states_are_blue_where_grafana_takes_thresholds_first(mode: str, color: str) -> None:
    states = States(title="?", description="", unit="none", queries=[Query("a", "a")], texts={1: ("well", "green")})
    dashboard = Dashboard("one", "One", "One panel.", [Section("Here", [[states]])]).json()
    dashboard["panels"][1]["fieldConfig"]["defaults"]["color"]["mode"] = mode
    figure = draw(dashboard, Invented(1), begin=BEGIN, end=END)
    bars = [to_hex(to_rgba_array(each.get_facecolor())[0]) for axes in figure.axes for each in axes.collections]
    assert set(bars) == {color}


def test_a_legend_of_states_names_those_that_were() -> None:
    texts = {0: ("well", "green"), 1: ("ill", "red")}
    panel = States(title="?", description="", unit="none", queries=[Query("a", "a")], texts=texts)
    assert {"well", "ill"} & set(written(drawn(panel, 1))) == {"ill"}
    assert {"well", "ill"} & set(written(drawn(panel, nan))) == set()


def test_a_tile_that_has_no_mapping_for_nothing_has_the_first_colour_of_its_thresholds() -> None:
    # So it showed green where Grafana does, before null had a mapping.
    config: dict[str, Any] = {"unit": "none", "thresholds": Steps(None, 1).json(), "noValue": "not compared yet"}
    assert of_nothing(config) == ("not compared yet", COLORS["green"])


def test_thresholds_have_grafanas_colours() -> None:
    rising = drawn(Lines(title="?", description="", unit="none", queries=[Query("a", "a")], steps=Steps(10, 30)), 40)
    [axes] = rising.axes
    dashed = [(line.get_ydata()[0], line.get_color()) for line in axes.lines if line.get_linewidth() == 0.8]  # type: ignore[index]
    assert dashed == [(10, COLORS["orange"]), (30, COLORS["red"])]
    steps = Steps(30, 10, rising=False)
    falling = drawn(Lines(title="?", description="", unit="none", queries=[Query("a", "a")], steps=steps), 40)
    [axes] = falling.axes
    assert [line for line in axes.lines if line.get_linewidth() == 0.8] == []
    assert [to_hex(area.get_facecolor()) for area in axes.patches] == [COLORS["red"], COLORS["orange"]]


def test_a_tile_tells_what_is_so_at_the_end_and_not_what_was_before() -> None:
    class Died(Invented):
        def at(self, expr: str, moment: float | None = None) -> list[Series]:
            return []

        def over(self, expr: str, begin: float, end: float, step: float) -> list[Series]:
            return [Series({}, [(begin, self.value)])]  # type: ignore[attr-defined]

    tile = Tile(title="Freshness", description="", unit="s", queries=[Query("a")], steps=Steps(10, 30))
    dashboard = Dashboard("one", "One", "One panel.", [Section("Here", [[tile]])])
    assert "unknown" in written(draw(dashboard.json(), Died(1), begin=BEGIN, end=END))


def test_a_name_has_its_colour_in_every_picture() -> None:
    panel = Lines(title="?", description="", unit="none", queries=[Query("sum by (topic) (a)", "{{topic}}")])
    colors = {str(line.get_label()): line for axes in drawn(panel, 1).axes for line in axes.lines}
    assert {str(line.get_color()) for line in colors.values()} == {
        TOPICS["transactions"],
        TOPICS["transactions.status"],
    }


# --- Words ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, "s", "0 s"), (0.0000412, "s", "41.2 µs"), (0.25, "s", "250 ms"), (42.5, "s", "42.5 s"),
        (90, "s", "1.5 mins"), (60, "s", "1 min"),
        (7200, "s", "2 hours"), (172800, "s", "2 days"), (1500, "ms", "1.5 s"), (12, "ms", "12 ms"),
        (512, "bytes", "512 B"), (1536, "bytes", "1.5 KiB"), (3 * 2**30, "bytes", "3 GiB"), (2048, "binBps", "2 KiB/s"),
        (2000, "Bps", "2 kB/s"), (512, "Bps", "512 B/s"), (0.5, "ops", "0.5 ops/s"),
        (0.125, "percentunit", "12.5 %"), (1, "percentunit", "100 %"),
        (1234567, "short", "1.23 M"), (999, "short", "999"), (3, "none", "3"), (0.5, "reqps", "0.5 req/s"),
        (1234, "suffix:records/s", "1,234 records/s"), (nan, "s", "–"), (-3, "suffix:records/s", "-3 records/s"),
    ],
)  # fmt: skip
def test_values_are_told_in_their_unit(value: float, unit: str, text: str) -> None:
    assert worded(value, unit) == text


def test_a_value_takes_the_colour_of_the_last_step_it_has_reached() -> None:
    steps = [{"color": "green", "value": None}, {"color": "orange", "value": 10}, {"color": "red", "value": 30}]
    config: dict[str, Any] = {"unit": "none", "thresholds": {"steps": steps}}
    colors = [cell_of(value, config)[1] for value in (9.9, 10, 29, 30)]
    assert colors[0] != colors[1] == colors[2] != colors[3]


def test_a_value_with_a_name_is_told_by_it() -> None:
    mapping = {"type": "value", "options": {"2": {"text": "ERR", "color": "red"}}}
    config: dict[str, Any] = {"unit": "none", "mappings": [mapping]}
    assert cell_of(2, config)[0] == "ERR"
    assert cell_of(3, config)[0] == "3"


def test_words_are_shortened_where_they_do_not_fit() -> None:
    short = shortened("transactions.status.dead-letters", 1)
    assert short.endswith("…")
    assert width_of(short, 7.5) <= 1


# --- Series -----------------------------------------------------------------------------------------------------------
def test_a_line_is_broken_where_nothing_was_known() -> None:
    series = Series({}, [(0, 1.0), (5, 2.0), (30, 3.0)])
    _, values = with_gaps(series, 5)
    assert values[:2] == [1, 2]
    assert values[2] != values[2]
    assert values[3:] == [3]


def test_a_state_lasts_until_another_one_or_until_nothing_is_known() -> None:
    series = Series({}, [(0, 1.0), (5, 1.0), (10, 0.0), (40, 0.0)])
    assert spans(series, 5) == [(1, 0, 10), (0, 10, 15), (0, 40, 45)]


def test_variables_are_filled_in_as_prometheus_reads_them() -> None:
    expr = filled_in('rate(lag{topic=~"$topic"}[$__rate_interval])', {"topic": r"a\.b|c"})
    assert expr == r'rate(lag{topic=~"a\\.b|c"}[1m])'


def test_a_series_is_named_as_its_legend_says() -> None:
    series = Series({"__name__": "lag", "topic": "orders", "partition": "1"}, [])
    assert name_of(series, "{{topic}} {{partition}}, {{none}}") == "orders 1,"
    assert name_of(series, None) == "topic=orders, partition=1"
