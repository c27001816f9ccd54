"""The dashboards that were asked for by name, cut to the panels meant."""

import json

import pytest

from grafana.generate import FOLDER
from report import required


def test_panels_that_are_meant_are_shown_alone_and_below_each_other() -> None:
    panels = [{"title": name, "gridPos": {"x": 6, "y": 40, "w": 6, "h": 8}} for name in ("a", "b", "c")]
    part = required.part_of({"title": "board", "description": "long", "panels": panels}, ["c", "a"])
    assert [(each["title"], each["gridPos"]) for each in part["panels"]] == [
        ("c", {"x": 0, "y": 0, "w": 24, "h": 8}), ("a", {"x": 0, "y": 8, "w": 24, "h": 8}),
    ]  # fmt: skip


@pytest.mark.parametrize("each", required.REQUIRED, ids=lambda each: each.name)
def test_every_panel_that_is_meant_is_on_its_dashboard(each: required.Required) -> None:
    part = required.part_of(json.loads((FOLDER / f"{each.uid}.json").read_text()), each.panels)
    assert [panel["title"] for panel in part["panels"]] == list(each.panels)


def test_a_panel_that_is_meant_and_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        required.part_of({"panels": []}, ["gone"])
