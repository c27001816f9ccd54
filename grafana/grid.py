"""Grafana's grid, and how many letters of a title it shows: titles never wrap, they are cut."""

COLUMNS = 24
COLUMN, AROUND, LINK, LETTER = 58.5, 64, 32, 8
"""Pixels in a window 1,440 wide: a column; what a title cannot have of its panel; a link's icon; a letter."""
NARROWEST = 4
"""Columns of a panel, at least."""


def letters(columns: int, *, linked: bool) -> int:
    """How many letters of a panel's title can be read. linked: the panel has a link beside it."""
    return int((COLUMN * columns - AROUND - (LINK if linked else 0)) / LETTER)
