"""The examples of a document: what it tells to run, and what it says comes of that.

An example is a fenced block of `sh` or a program's language, and the block right behind it is what comes of it: `http`
(the answer, as `curl -i` prints it) or `text` (what is printed). `…` stands for anything.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ANSWERS = ("http", "text")
ANYTHING = "…"
JSON = re.compile(r"application/(?:\w+\+)?json")


class Unfinished(ValueError):
    """An example says not what comes of it, or an answer not of what."""


@dataclass(frozen=True, slots=True)
class Example:
    line: int
    language: str
    source: str
    form: str
    """http or text"""
    answer: str

    def differences(self, printed: str) -> list[str]:
        """Where what was printed is not what the document says; each begins with the line of the example."""
        compare = _of_http if self.form == "http" else _of_text
        return [f"line {self.line}: {each}" for each in compare(self.answer, printed)]


def examples(document: str) -> list[Example]:
    """In their order; raises Unfinished."""
    blocks = [
        (document.count("\n", 0, each.start()) + 1, each[1], each[2], each.end()) for each in BLOCK.finditer(document)
    ]
    found = []
    for (line, language, source, end), behind in zip(blocks[::2], blocks[1::2], strict=False):
        _, form, answer, _ = behind
        between = document[end : document.index(f"```{form}", end)]
        if language in ANSWERS or form not in ANSWERS or between.strip():
            raise Unfinished(f"line {line}: put ```http or ```text right behind the example, with what comes of it")
        found.append(Example(line, language, source, form, answer))
    if len(blocks) % 2:
        raise Unfinished(f"line {blocks[-1][0]}: this block has no other, or is an answer to nothing")
    return found


def _of_text(expected: str, printed: str) -> Iterator[str]:
    if not _is_like(expected.strip(), printed.strip()):
        yield f"{printed.strip()!r} is not {expected.strip()!r}"


def _of_http(expected: str, printed: str) -> Iterator[str]:
    (status, fields, body), (its_status, its_fields, its_body) = _read(expected), _read(printed)
    if not _is_like(status, its_status):
        yield f"{its_status} is not {status}: {its_body[:500]}"
        return
    for name, value in fields.items():
        if name not in its_fields or not _is_like(value, its_fields[name]):
            yield f"{name} is {its_fields.get(name)!r}, not {value!r}"
    if not body.strip():
        return
    if JSON.match(its_fields.get("content-type", "")):
        yield from differences(json.loads(body), json.loads(its_body))
    elif not _is_like(body.strip(), its_body.strip()):
        yield f"{its_body!r} is not {body!r}"


def _read(answer: str) -> tuple[str, Mapping[str, str], str]:
    """Status line, header fields by their names in small letters, and body."""
    head, _, body = answer.replace("\r\n", "\n").partition("\n\n")
    status, *lines = head.splitlines()
    fields = [line.partition(":")[::2] for line in lines]
    return status, {name.lower(): value.strip() for name, value in fields}, body


def differences(expected: Any, found: Any, at: str = "#") -> Iterator[str]:
    """Where JSON is not what is expected; objects may have members besides."""
    match expected, found:
        case dict(), dict():
            for name, value in expected.items():
                if name not in found:
                    yield f"{at}/{name} is missing"
                else:
                    yield from differences(value, found[name], f"{at}/{name}")
        case list(), list() if len(expected) == len(found):
            for index, pair in enumerate(zip(expected, found, strict=True)):
                yield from differences(*pair, f"{at}/{index}")
        case str(), str() if _is_like(expected, found):
            pass
        case _ if expected == found and type(expected) is type(found):
            pass
        case _:
            yield f"{at} is {found!r}, not {expected!r}"


def _is_like(expected: str, found: str) -> bool:
    pattern = ".*".join(map(re.escape, expected.split(ANYTHING)))
    return re.fullmatch(pattern, found, re.DOTALL) is not None
