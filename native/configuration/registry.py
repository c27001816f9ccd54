"""The schema registry's folder."""

from native.layout import Layout


def configure(layout: Layout) -> None:
    (layout.var / "registry").mkdir(parents=True, exist_ok=True)
