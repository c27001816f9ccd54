"""Builds report/report.pdf from report/report.typ, the evidence, and the project's own files. `make report` runs it.

The same files give the same bytes: the PDF is dated by its figures, and set in the fonts that Typst brings along.
"""

import json
import re
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import typst
import yaml  # type: ignore[import-untyped] # its types are a package that nothing else here needs
from PIL import Image

from native.layout import ROOT
from report import performance, required

REPORT = ROOT / "report"
SOURCE, PDF = REPORT / "report.typ", REPORT / "report.pdf"
FIGURES, DRILLS = REPORT / "evidence" / "figures.json", REPORT / "evidence" / "alert-drills.txt"
DRILLED = re.compile(r"^(.{30,}?)  +(\w+)\S* +fired after +(\d+) s, cleared after +(\d+) s$", re.MULTILINE)
"""a line of DRILLS"""
Json = dict[str, Any]


def main() -> None:
    if not FIGURES.exists():
        sys.exit("There is no evidence yet: `make report FRESH=1` takes it from a cluster that it starts and ends.")
    PDF.write_bytes(built())
    print(f"{PDF.relative_to(ROOT)}: {PDF.stat().st_size / 1e6:.1f} MB")  # noqa: T201 - what was made


def built() -> bytes:
    """The report, as PDF."""
    taken = datetime.fromisoformat(json.loads(FIGURES.read_text())["taken"])
    quoted = {
        "decisions": decisions(),
        "alerts": alerts(),
        "dashboards": dashboards(),
        "drills": drills(),
        "bench": performance.told(),
        "required": required.told(),
    }
    pdf: bytes = typst.compile(
        SOURCE,
        root=ROOT,
        ignore_system_fonts=True,
        timestamp=int(taken.timestamp()),
        sys_inputs={name: json.dumps(value) for name, value in quoted.items()},
    )
    return pdf


def decisions() -> list[Json]:
    """Name, number and title of each decision record. The report names them by name, since numbers may change."""
    files = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
    titles = [(file.stem[5:], re.match(r"# (\d+)\. (.+)", file.read_text())) for file in files]
    return [{"name": name, "number": title[1], "title": title[2]} for name, title in titles if title]


def alerts() -> list[Json]:
    """Every alert, without the windows that burn rates repeat."""
    rules = [
        rule
        for file in sorted((ROOT / "compose" / "prometheus" / "rules").glob("*.yml"))
        for group in yaml.safe_load(file.read_text())["groups"]
        for rule in group["rules"]
        if "alert" in rule
    ]
    once = {rule["alert"]: rule for rule in reversed(rules)}
    return [
        {
            "name": name,
            "after": rule.get("for", "at once"),
            "severity": rule["labels"]["severity"],
            "summary": re.sub(r"\{\{.*?\}\}", "…", rule["annotations"]["summary"]),
        }
        for name, rule in sorted(once.items())
    ]


def dashboards() -> list[Json]:
    """Uid, title and description of each dashboard of which there is a picture, and its width by its height."""
    files = sorted((ROOT / "grafana" / "dashboards").glob("*.json"))
    found = [json.loads(file.read_text()) for file in files]
    return [
        {name: each[name] for name in ("uid", "title", "description")} | {"ratio": ratio(picture(each))}
        for each in found
        if picture(each).exists()
    ]


def ratio(file: Path) -> float:
    with Image.open(file) as shown:
        return shown.width / shown.height


def picture(dashboard: Json) -> Path:
    return FIGURES.parent / "dashboards" / f"{dashboard['uid']}.png"


def drills() -> Json:
    """How the drills of alerts went, the last time: alert → fault, seconds until it fired and until it had cleared."""
    text = DRILLS.read_text() if DRILLS.exists() else ""
    return {
        name: {"fault": fault.strip(), "fired": int(fired), "cleared": int(cleared)}
        for fault, name, fired, cleared in DRILLED.findall(text)
    }


if __name__ == "__main__":
    main()
