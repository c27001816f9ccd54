"""Asking a process for its metrics, as Prometheus does."""

import re
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.error import URLError

from prometheus_client.parser import text_string_to_metric_families

from native.driving.embedded import ROOT

Sample = tuple[str, Mapping[str, str], float]
PARTS = ("_bucket", "_sum", "_count")


@dataclass(frozen=True)
class Scrape:
    text: str

    @property
    def samples(self) -> list[Sample]:
        families = text_string_to_metric_families(self.text)
        return [(sample.name, sample.labels, sample.value) for family in families for sample in family.samples]

    def values(self, name: str, **labels: str) -> list[float]:
        """Of every series of this name that bears these labels, maybe beside others."""
        return [value for each, borne, value in self.samples if each == name and labels.items() <= borne.items()]

    def value(self, name: str, **labels: str) -> float:
        """Of the one such series; -1 if there is none."""
        values = self.values(name, **labels)
        assert len(values) <= 1, f"{len(values)} series of {name} bear {labels}"
        return values[0] if values else -1

    def families(self, besides: frozenset[str] = frozenset({"worker", "le"})) -> set[tuple[str, str, frozenset[str]]]:
        """(name, type, labels) of everything with a sample; but for these labels."""
        return {
            (f"{family.name}_total" if family.type == "counter" else family.name, family.type, frozenset(labels))
            for family in text_string_to_metric_families(self.text)
            if family.samples
            for labels in [{label for sample in family.samples for label in sample.labels} - besides]
        }


def scrape(port: int) -> Scrape:
    """What a process serves now; nothing as long as nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            return Scrape(answer.read().decode())
    except (ConnectionError, TimeoutError, URLError):
        return Scrape("")


def documented(chapter: str) -> set[tuple[str, str, frozenset[str]]]:
    """(name, type, labels) of every metric in a chapter of docs/metrics.md."""
    text = (ROOT / "docs" / "metrics.md").read_text().split(f"\n## {chapter}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([\w, ]*)\|", text, flags=re.MULTILINE)
    return {(name, kind, frozenset(labels.replace(",", " ").split())) for name, kind, labels in rows}
