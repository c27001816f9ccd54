"""Tables that measurements write into documents."""

import pytest

from bench import marked
from native.driving.embedded import ROOT

TEXT = "before\n<!-- x: written by `make x` -->\nold\n<!-- end of x -->\nafter\n"


def test_only_the_part_between_the_marks_is_replaced() -> None:
    new = marked.replaced(TEXT, "x", "\nnew\n")
    assert new == TEXT.replace("old", "new")
    assert marked.replaced(new, "x", "new") == new


@pytest.mark.parametrize("text", ["nothing", marked.begin_of("x"), marked.end_of("x") + marked.begin_of("x")])
def test_a_text_without_the_marks_is_refused(text: str) -> None:
    with pytest.raises(marked.NoSuchMarks, match="Write <!-- x"):
        marked.replaced(text, "x", "new")


def test_a_table_is_one_of_markdown() -> None:
    assert marked.table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_no_line_of_a_paragraph_is_longer_than_ours() -> None:
    lines = marked.paragraph("some-words, " * 100).splitlines()
    assert max(map(len, lines)) < 120
    assert all(line.endswith("some-words,") for line in lines)


@pytest.mark.parametrize("name", ["bench-api", "bench-growth", "bench-scaling", "bench-workers"])
def test_the_readme_has_the_marks_of_each_measurement(name: str) -> None:
    marked.replaced((ROOT / "bench" / "README.md").read_text(), name, "")
