"""Which metrics a query names, and which there are."""

import re
from collections.abc import Iterator

from native.driving.embedded import ROOT

WORDS = {"by", "on", "or", "and", "unless", "without", "ignoring", "group_left", "group_right", "bool", "offset"}
OF_PROMETHEUS = {"up", "ALERTS", "ALERTS_FOR_STATE"}
HISTOGRAM = ("_bucket", "_sum", "_count")


def metrics_in(expr: str) -> set[str]:
    """The names of metrics in a PromQL expression."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^]]*\]', " ", expr)
    bare = re.sub(r"\b(by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)", " ", bare)
    return set(re.findall(r"\b[a-zA-Z_][a-zA-Z0-9_]*\b(?!\s*\()", bare)) - WORDS


def _documented() -> Iterator[str]:
    """Every metric in a table of docs/metrics.md."""
    rows = re.findall(r"^\| `(\w+)`[^|]*\| (\w+) ", (ROOT / "docs" / "metrics.md").read_text(), flags=re.MULTILINE)
    for name, kind in rows:
        yield from [name + part for part in HISTOGRAM] if kind == "histogram" else [name]


KNOWN = {*_documented(), *OF_PROMETHEUS}
