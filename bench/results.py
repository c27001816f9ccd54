"""What a measurement leaves in the project: its figures, their picture, and tables in bench/README.md."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench import machine, marked
from native.layout import ROOT

FOLDER = ROOT / "bench" / "results"
README = ROOT / "bench" / "README.md"


def write(name: str, figures: Mapping[str, Any], draw: Callable[[Path], None], pictured: str, tables: str) -> None:
    """Write them anew. name: as in `make bench-api`. draw: makes the picture, and `pictured` says of what.

    figures: with machine.described() among them.
    """
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps(figures, indent=1) + "\n")
    draw(FOLDER / f"{name}.svg")
    where = f"{machine.sentence(figures)} All figures stand in [results/{name}.json](results/{name}.json)."
    part = f"![{pictured}](results/{name}.svg)\n\n{marked.paragraph(where)}\n\n{tables}"
    README.write_text(marked.replaced(README.read_text(), f"bench-{name}", part))
