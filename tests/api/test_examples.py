"""docs/api.md is run as it stands, one example after another, against the API as it is served."""

import subprocess
import sys

import pytest

from native.driving.embedded import ROOT
from tests.examples import Example, Unfinished, examples
from tests.served import Served

DOCUMENT = ROOT / "docs" / "api.md"
INTERPRETERS = {"sh": ["bash", "-euo", "pipefail", "-c"], "python": [sys.executable, "-c"]}


def run(example: Example, api: Served) -> str:
    """What the example prints; fails with what it complained of, if it ended badly."""
    command = [*INTERPRETERS[example.language], example.source]
    done = subprocess.run(command, env=api.environment, text=True, capture_output=True, timeout=300, check=False)
    assert done.returncode == 0, f"line {example.line}: {done.stderr}"
    return done.stdout


def test_every_example_of_the_document_does_what_the_document_says(served_api: Served) -> None:
    told = examples(DOCUMENT.read_text())
    assert [each for example in told for each in example.differences(run(example, served_api))] == []


ANSWER = (
    'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: "a"\r\n\r\n{"id": "A-1", "n": [1, 2], "more": null}'
)


@pytest.mark.parametrize(
    "said",
    [
        'HTTP/1.1 200 OK\n\n{"id": "A-1", "n": [1, 2], "more": null}\n',
        'HTTP/1.1 200 …\netag: "…"\n\n{\n  "id": "A-…"\n}\n',
        "HTTP/1.1 200 OK\n",
    ],
)
def test_what_a_document_says_may_leave_out_and_leave_open(said: str) -> None:
    assert Example(1, "sh", "", "http", said).differences(ANSWER) == []


@pytest.mark.parametrize(
    ("said", "difference"),
    [
        ("HTTP/1.1 201 Created\n", "200 OK is not HTTP/1.1 201 Created"),
        ('HTTP/1.1 200 OK\nETag: "b"\n', "etag is '\"a\"'"),
        ("HTTP/1.1 200 OK\nLocation: …/x\n", "location is None"),
        ('HTTP/1.1 200 OK\n\n{"id": "B-…"}', "#/id is 'A-1', not 'B-…'"),
        ('HTTP/1.1 200 OK\n\n{"other": "…"}', "#/other is missing"),
        ('HTTP/1.1 200 OK\n\n{"n": [1]}', "#/n is [1, 2], not [1]"),
        ('HTTP/1.1 200 OK\n\n{"n": [1, true]}', "#/n/1 is 2, not True"),
        ('HTTP/1.1 200 OK\n\n{"more": "…"}', "#/more is None, not '…'"),
    ],
)
def test_a_document_that_is_wrong_is_told_where(said: str, difference: str) -> None:
    [found] = Example(7, "sh", "", "http", said).differences(ANSWER)
    assert found.startswith("line 7: ")
    assert difference in found


def test_what_is_printed_is_compared_as_a_whole() -> None:
    example = Example(7, "python", "", "text", "one …\n")
    assert example.differences("one order\n") == []
    assert example.differences("no order\n") == ["line 7: 'no order' is not 'one …'"]


@pytest.mark.parametrize(
    "document",
    [
        "```sh\ntrue\n```\n",
        "```sh\ntrue\n```\nand so on\n```text\n```\n",
        "```text\n```\n```sh\ntrue\n```\n",
        "```sh\ntrue\n```\n```sh\ntrue\n```\n",
    ],
)
def test_an_example_without_its_answer_is_refused(document: str) -> None:
    with pytest.raises(Unfinished):
        examples(document)


def test_an_example_is_named_by_its_line() -> None:
    [first, second] = examples("# Title\n\n```sh\na\n```\n```text\nb\n```\n\n```python\nc\n```\n```http\nd\n```\n")
    assert (first.line, first.source, first.answer) == (3, "a\n", "b\n")
    assert (second.line, second.language, second.form) == (10, "python", "http")
