"""When a figure is good, bad or worse: colours, thresholds, and words that stand for values."""

from collections.abc import Mapping
from dataclasses import dataclass

from grafana.panels.query import Json

GOOD, BAD, WORSE = "green", "orange", "red"
CALM = "blue"
"""For figures that are neither good nor bad."""

Texts = Mapping[int, tuple[str, str]]
"""What stands for a value, and its colour."""


@dataclass(frozen=True)
class Steps:
    """From which values on a figure is no longer good. rising: more is worse; else less is."""

    bad: float | None
    worse: float
    rising: bool = True

    def json(self) -> Json:
        return {"mode": "absolute", "steps": [{"color": color, "value": value} for color, value in self._steps()]}

    def _steps(self) -> list[tuple[str, float | None]]:
        # Grafana colours a figure by the last step that it has reached, in this order; the first one, without a value,
        # is reached by all. So where less is worse, the worst colour comes first.
        if self.rising:
            middle = [] if self.bad is None else [(BAD, self.bad)]
            return [(GOOD, None), *middle, (WORSE, self.worse)]
        middle = [] if self.bad is None else [(BAD, self.worse), (GOOD, self.bad)]
        return [(WORSE, None), *(middle or [(GOOD, self.worse)])]


NO_STEPS: Json = {"mode": "absolute", "steps": [{"color": CALM, "value": None}]}


def mapping(texts: Texts) -> Json:
    """As Grafana keeps it; index: the place in its editor and legend."""
    options = {
        str(value): {"text": text, "color": color, "index": place}
        for place, (value, (text, color)) in enumerate(texts.items())
    }
    return {"type": "value", "options": options}
