"""When a figure is good, bad or worse: colours, thresholds, and words that stand for values."""

from collections.abc import Mapping
from dataclasses import dataclass

from grafana.panels.query import Json

GOOD, BAD, WORSE = "green", "orange", "red"
CALM = "blue"
"""For figures that are neither good nor bad."""
UNKNOWN = "#7b8087"
"""Grey: nobody knows. Grafana would give what is no number the first colour of the thresholds, which is the best."""

Texts = Mapping[int, tuple[str, str]]
"""What stands for a value, and its colour."""


@dataclass(frozen=True)
class Steps:
    """From which values on a figure is no longer good. rising: more is worse; else less is."""

    bad: float | None
    worse: float
    rising: bool = True

    def json(self, *, good: str = GOOD) -> Json:
        """good: the colour of what is good."""
        steps = [{"color": color, "value": value} for color, value in self._steps(good)]
        return {"mode": "absolute", "steps": steps}

    def _steps(self, good: str) -> list[tuple[str, float | None]]:
        # Grafana colours a figure by the last step that it has reached, in this order; the first one, without a value,
        # is reached by all. So where less is worse, the worst colour comes first.
        if self.rising:
            middle = [] if self.bad is None else [(BAD, self.bad)]
            return [(good, None), *middle, (WORSE, self.worse)]
        middle = [] if self.bad is None else [(BAD, self.worse), (good, self.bad)]
        return [(WORSE, None), *(middle or [(good, self.worse)])]


NO_STEPS: Json = {"mode": "absolute", "steps": [{"color": CALM, "value": None}]}


def mapping(texts: Mapping[int, tuple[str, str]] | Mapping[str, tuple[str, str]]) -> Json:
    """As Grafana keeps it; index: the place in its editor and legend."""
    options = {
        str(value): {"text": text, "color": color, "index": place}
        for place, (value, (text, color)) in enumerate(texts.items())
    }
    return {"type": "value", "options": options}


def mappings(texts: Texts, unknown: str) -> list[Json]:
    """What stands for values, and what for none and for what is no number."""
    nothing = {"text": unknown, "color": UNKNOWN, "index": len(texts)}
    special = {"type": "special", "options": {"match": "null+nan", "result": nothing}}
    return [*([mapping(texts)] if texts else []), special]
