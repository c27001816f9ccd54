"""The committed report: what the committed evidence gives, with every figure and picture in it."""

import json
import re
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader

from native.driving.embedded import ROOT
from report import build, required
from report.gather import REQUIRED_DPI, REQUIRED_WIDTH
from report.throughput import Look, summed_up

EVIDENCE = ROOT / "report" / "evidence"
FIGURES: dict[str, Any] = json.loads((EVIDENCE / "figures.json").read_text())
PICTURES = sorted(EVIDENCE.rglob("*.png"))
LARGEST_PICTURE, LARGEST_SUM = 300_000, 6_000_000


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return build.built()


@pytest.fixture(scope="module")
def pages(pdf: bytes) -> list[str]:
    """The text of each page, in one line."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(pdf)).pages]


@pytest.fixture(scope="module")
def text(pages: list[str]) -> str:
    return " ".join(pages)


def test_the_committed_report_is_what_the_evidence_gives(pdf: bytes) -> None:
    assert pdf == build.PDF.read_bytes(), "`make report` builds it anew"


def test_the_same_evidence_gives_the_same_bytes(pdf: bytes) -> None:
    assert build.built() == pdf


def test_it_is_dated_by_its_figures(pdf: bytes) -> None:
    created = PdfReader(BytesIO(pdf)).metadata
    assert created is not None
    assert str(created["/CreationDate"])[2:10] == FIGURES["taken"][:10].replace("-", "")


def test_it_is_long_enough_to_tell_and_short_enough_to_read(pages: list[str]) -> None:
    assert 12 <= len(pages) <= 40


def test_no_page_is_empty(pdf: bytes) -> None:
    pages = PdfReader(BytesIO(pdf)).pages
    assert [n for n, page in enumerate(pages, 1) if not page.images and len(page.extract_text()) < 200] == []


def test_it_tells_the_throughput_of_every_stage(text: str) -> None:
    for stage, figures in FIGURES["throughput"]["stages"].items():
        assert re.search(rf"{stage} [\d.]+ s [\d.]+ s {figures['mean']:,} {figures['peak']:,}", text), stage


def test_it_tells_every_latency(text: str) -> None:
    for stage, figures in FIGURES["latency"].items():
        assert f"{figures['p50']:,} ms" in text, stage
        assert f"{figures['p99']:,} ms" in text, stage


def test_it_tells_the_memory_of_every_process(text: str) -> None:
    assert [name for name, size in FIGURES["memory"].items() if f"{name} {size:,} MiB" not in text] == []
    assert f"{sum(FIGURES['memory'].values()):,} MiB in all" in text


def test_it_says_under_which_load_and_on_what_it_was_measured(text: str) -> None:
    assert f"{FIGURES['load']['orders_per_second']} mock orders a second" in text
    assert f"{FIGURES['machine']['cores']} cores" in text


def test_it_says_of_which_version_and_commit_it_is(pages: list[str]) -> None:
    assert f"Version {FIGURES['version']}, commit {FIGURES['commit']}" in pages[0]
    assert "dirty" not in FIGURES["commit"]


def test_what_was_asked_and_what_is_not_shown_stand_before_all_else(pages: list[str]) -> None:
    first = " ".join(pages[:3])
    assert "What was asked, and what shows it" in first
    assert "What is not shown here." in first


def test_excerpts_of_logs_are_about_what_is_said_of_them(text: str) -> None:
    for file, sign, shown in (
        ("broker.log", "mysql.transactions", "New partition creation callback for mysql.transactions-"),
        ("segment.log", "baseOffset", "baseOffset: "),
    ):
        assert all(sign in line for line in (EVIDENCE / file).read_text().splitlines()), file
        assert shown in text, file


def test_it_shows_every_group_and_its_lag(text: str) -> None:
    groups = json.loads((EVIDENCE / "monitoring-kafka.json").read_text())["groups"]
    assert [each["name"] for each in groups if f"{each['name']} {each['state']} {each['lag']:,}" not in text] == []


def test_it_shows_a_listener_a_handshake_and_a_refused_right(text: str) -> None:
    access = json.loads((EVIDENCE / "access.json").read_text())
    assert f"{access['handshake']['version']}, {access['handshake']['cipher']}" in text
    assert access["refusal"]["told"] in text
    assert "kafka-3 CLIENTS SASL_SSL a password, SCRAM-SHA-512" in text


@pytest.mark.parametrize("each", required.REQUIRED, ids=lambda each: each.name)
def test_it_shows_what_was_asked_for_by_name_and_what_follows(each: required.Required, text: str) -> None:
    with Image.open(EVIDENCE / "required" / f"{each.name}.png") as picture:
        assert picture.width == REQUIRED_DPI * REQUIRED_WIDTH
    squeezed = text.replace(" ", "").replace("-", "")
    assert each.shows.replace(" ", "").replace("-", "") in squeezed
    assert each.follows.replace(" ", "").replace("-", "") in squeezed


def test_it_names_every_decision_and_every_alert(text: str) -> None:
    squeezed = text.replace(" ", "")
    assert [each for each in build.decisions() if each["title"].replace(" ", "") not in squeezed] == []
    assert [each["name"] for each in build.alerts() if each["name"] not in squeezed] == []


def test_it_shows_every_dashboard_and_says_who_drew_it(pdf: bytes, text: str) -> None:
    files = sorted((ROOT / "grafana" / "dashboards").glob("*.json"))
    assert [each["uid"] for each in build.dashboards()] == [file.stem for file in files]
    assert "drawn by this project" in text
    assert sum(len(page.images) for page in PdfReader(BytesIO(pdf)).pages) >= len(files)


def test_every_picture_that_it_names_is_there() -> None:
    named = re.findall(r'"(evidence/[\w./-]+)"', build.SOURCE.read_text())
    assert [name for name in named if not (build.SOURCE.parent / name).exists()] == []


def test_the_evidence_is_small_enough_to_keep() -> None:
    assert [file.name for file in PICTURES if file.stat().st_size > LARGEST_PICTURE] == []
    assert sum(file.stat().st_size for file in [*EVIDENCE.rglob("*.*"), build.PDF]) < LARGEST_SUM


def test_the_evidence_tells_of_no_key_and_of_no_folder_of_a_machine() -> None:
    for file in EVIDENCE.rglob("*.*"):
        assert not re.search(rb"PRIVATE KEY|/(home|root|work)/\w", file.read_bytes()), file.name


def test_throughput_counts_from_a_stages_first_record_to_its_last() -> None:
    looks = [
        Look(0.5, {"a": 0, "b": 0}),
        Look(1, {"a": 0, "b": 50}),
        Look(2, {"a": 400, "b": 60}),
        Look(3, {"a": 500, "b": 500}),
    ]
    figures = summed_up(looks, 500)
    assert figures["a"] == {"begun": 1, "done": 3, "mean": 250, "peak": 400}
    assert figures["b"] == {"begun": 0.5, "done": 3, "mean": 200, "peak": 440}


def test_the_last_drill_of_each_alert_is_told(text: str) -> None:
    drills = build.drills()
    assert len(drills) == len({each["alert"] for each in map(_alert, _drilled_lines())})
    assert drills.keys() <= {each["name"] for each in build.alerts()}
    assert all(f"{drill['fired']} s {drill['cleared']} s" in text for drill in drills.values())


def _drilled_lines() -> list[str]:
    return [line for line in build.DRILLS.read_text().splitlines() if "fired after" in line]


def _alert(line: str) -> dict[str, str]:
    return {"alert": re.split(r"\s{2,}", line)[1].partition("{")[0]}
