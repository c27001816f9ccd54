"""What a picture of a dashboard is drawn on: boxes in inches, and words that fit into them."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.patches import Rectangle

SIZE = 7.5
LINE = 0.145
NOTHING = "no data in this time"
"""Inches from one line of small text to the next."""
INK, FAINT, EDGE = "#24292f", "#6e7781", "#d0d7de"
COLORS = {"green": "#2e9e5b", "orange": "#e8871e", "red": "#cf3341", "blue": "#2f6fd0"}
"""Grafana's names; what is no name is a colour."""


@dataclass(frozen=True)
class Box:
    """A rectangle of the picture, in inches from its lower left corner."""

    left: float
    bottom: float
    width: float
    height: float

    @property
    def top(self) -> float:
        return self.bottom + self.height

    def inset(self, left: float, bottom: float, right: float, top: float) -> "Box":
        return Box(self.left + left, self.bottom + bottom, self.width - left - right, self.height - bottom - top)


@dataclass
class Sheet:
    """What is drawn on, and for which time."""

    figure: Figure
    width: float
    height: float
    begin: float
    end: float

    def axes(self, box: Box) -> Axes:
        return self.place(self.figure.add_axes((0, 0, 1, 1)), box)

    def place(self, axes: Axes, box: Box) -> Axes:
        axes.set_position(
            (box.left / self.width, box.bottom / self.height, box.width / self.width, box.height / self.height)
        )
        return axes

    def text(self, x: float, y: float, text: str, **how: Any) -> None:
        plain: dict[str, Any] = {"fontsize": SIZE, "color": INK, "va": "top", "ha": "left", "parse_math": False}
        self.figure.text(x / self.width, y / self.height, text, **(plain | how))

    def frame(self, box: Box, face: str = "white") -> None:
        corner, size = (box.left / self.width, box.bottom / self.height), (box.width, box.height)
        rectangle = Rectangle(
            corner,
            size[0] / self.width,
            size[1] / self.height,
            facecolor=face,
            edgecolor=EDGE,
            linewidth=0.6,
            zorder=-1,
        )
        self.figure.add_artist(rectangle)


@cache
def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Inches."""
    font = get_font(findfont(FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal")))
    font.set_size(size, 72)
    font.set_text(text)
    points = font.get_width_height()[0] / 64
    return float(points / 72)


def shortened(text: str, width: float, size: float = SIZE) -> str:
    if width_of(text, size) <= width:
        return text
    while text and width_of(text + "…", size) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def say_nothing(sheet: Sheet, box: Box, why: str = NOTHING) -> None:
    sheet.text(
        box.left + box.width / 2,
        box.bottom + box.height / 2,
        why,
        color=FAINT,
        ha="center",
        va="center",
        style="italic",
    )
