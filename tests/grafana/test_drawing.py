"""Pictures of dashboards, from figures that a test invents."""

import json
from collections.abc import Mapping, Sequence
from itertools import combinations, product
from math import nan
from typing import Any

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from grafana.draw import SAID, draw
from grafana.drawing.answers import cell_of, spans, with_gaps
from grafana.drawing.sheet import shortened, width_of, wrapped
from grafana.generate import FOLDER
from grafana.prometheus_api import Prometheus, Series, filled_in, name_of
from grafana.units import worded

BEGIN, END = 1_800_000_000.0, 1_800_001_800.0
GROUPS = ["aggregator", "a consumer group whose name is longer than any panel is wide " * 4]
VALUES = {"consumergroup": GROUPS, "topic": ["transactions", "transactions.status"], "partition": ["0", "1", "2"]}


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
@pytest.mark.parametrize("uid", ["platform-lag", "platform-security"])
def test_what_is_written_in_a_panel_stays_in_it_and_hides_nothing(uid: str) -> None:
    figure = picture(uid, Invented(), ["a line of a log that is longer than the panel is wide " * 9] * 50)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = [patch.get_window_extent() for patch in figure.patches + figure.artists if patch.get_zorder() == -1]
    panels = [box for box in boxes if box.height > 100]
    assert len(panels) > 5
    texts = {text.get_text(): text.get_window_extent(canvas.get_renderer()) for text in figure.texts}
    for words, extent in texts.items():
        for box in panels:
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


def test_a_panel_without_data_says_so() -> None:
    panels = [panel for panel in json.loads((FOLDER / "platform-lag.json").read_text())["panels"] if "targets" in panel]
    assert written(picture("platform-lag", Silent())).count("no data in this time") == len(panels)
    assert "not compared yet" in written(picture("platform-cdc", Silent()))


def test_figures_that_are_no_numbers_are_drawn_as_unknown() -> None:
    assert "–" in written(picture("platform-lag", Invented(nan)))


# --- Words ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, "s", "0 s"), (0.0000412, "s", "41.2 µs"), (0.25, "s", "250 ms"), (42.5, "s", "42.5 s"),
        (90, "s", "1.5 min"),
        (7200, "s", "2 h"), (172800, "s", "2 d"), (1500, "ms", "1.5 s"), (12, "ms", "12 ms"),
        (512, "bytes", "512 B"), (1536, "bytes", "1.5 KiB"), (3 * 2**30, "bytes", "3 GiB"), (2048, "Bps", "2 KiB/s"),
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
    config: dict[str, Any] = {"unit": "none", "mappings": [{"options": {"2": {"text": "ERR", "color": "red"}}}]}
    assert cell_of(2, config)[0] == "ERR"
    assert cell_of(3, config)[0] == "3"


def test_words_are_broken_or_shortened_where_they_do_not_fit() -> None:
    assert wrapped("How many records wait to be read?", 100, 8) == ["How many records wait to be read?"]
    lines = wrapped("How many records wait to be read?", 1, 8)
    assert " ".join(lines) == "How many records wait to be read?"
    assert len(lines) > 1
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
