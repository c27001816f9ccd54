"""Parts of a Markdown file that measurements write: what stands between two comments. Pure."""

from collections.abc import Iterable, Sequence
from textwrap import fill

LINE = 118


class NoSuchMarks(ValueError):
    """The text has no such part."""


def begin_of(name: str) -> str:
    return f"<!-- {name}: written by `make {name}` -->"


def end_of(name: str) -> str:
    return f"<!-- end of {name} -->"


def replaced(text: str, name: str, part: str) -> str:
    """The text with another part of this name; raises NoSuchMarks."""
    before, begin, rest = text.partition(begin_of(name))
    _, end, after = rest.partition(end_of(name))
    if not (begin and end):
        raise NoSuchMarks(f"Write {begin_of(name)} and {end_of(name)} where the figures belong.")
    return f"{before}{begin}\n{part.strip()}\n{end}{after}"


def paragraph(text: str) -> str:
    """In lines as long as ours are."""
    return fill(text, LINE, break_long_words=False, break_on_hyphens=False)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
