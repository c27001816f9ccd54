"""What all pictures of measurements have in common."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt
from matplotlib.figure import Figure


def style(size: int) -> None:
    """Text stays text, of this size, and the same figures give the same file."""
    mpl.rcParams |= {"svg.fonttype": "none", "svg.hashsalt": "bench", "font.size": size}


def save(figure: Figure, title: str, told: Mapping[str, Any], file: Path) -> None:
    """Write a picture under its title. told: with machine, date and commit of the measurement."""
    machine = told["machine"]
    figure.suptitle(
        f"{title}\n{machine['cores']} cores of {machine['processor']}, {told['date'][:10]}, commit {told['commit']}"
    )
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)
