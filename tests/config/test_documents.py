"""What documents name is there: files, functions, make's targets, and the rooms of the house."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from native.driving.embedded import ROOT

DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "bench/README.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "runbooks").glob("*.md")),
]
RECORDS = [ROOT / "CHANGELOG.md", *sorted((ROOT / "docs" / "decisions").glob("*.md"))]
"""They name what was there then."""
ARCHITECTURE = ROOT / "docs" / "architecture.md"
SUFFIXES = r"\.(?:py|md|toml|json|yml|env|conf|avsc|csv|properties)"
NOT_A_PATH = re.compile(r"application/|text/|allocation/explain|\d+/(?:second|minute|hour|day)$")
"""types of media, a question to Elasticsearch, and rates"""
MADE_WHEN_RUN = re.compile(r"var/|\.venv/|compose/\.env$|compose/secrets/|pictures$")
OF_AN_EXAMPLE = re.compile(r"loyalty/")
"""the app that docs/add-a-worker.md adds"""
OF_OTHERS = {"STATISTICS.md"}
"""librdkafka's"""
WITHOUT_A_ROOM_OF_THEIR_OWN = {"management", "migrations", "static", "templates", "__pycache__"}


def ids(documents: list[Path]) -> list[str]:
    return [str(document.relative_to(ROOT)) for document in documents]


def prose(text: str) -> str:
    return re.sub(r"^ *```.*?^ *```$", "", text, flags=re.DOTALL | re.MULTILINE)


def links(document: Path) -> Iterator[str]:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(document.read_text())):
        if "://" not in target and not target.startswith("mailto:"):
            yield target


def paths_in(text: str) -> Iterator[str]:
    """What stands between backticks and is a path: with a slash in it, or with the ending of a file."""
    for word in re.findall(r"`([^`\n]+)`", prose(text)):
        path = word.partition(":")[0]
        is_path = re.fullmatch(rf"[\w*.-]+(/[\w*.-]+)*/|[\w*.-]+(/[\w*.-]+)+|[\w-]+{SUFFIXES}", path)
        if is_path and not any(each.match(path) for each in (NOT_A_PATH, MADE_WHEN_RUN, OF_AN_EXAMPLE)):
            yield path


def is_there(path: str, document: Path) -> bool:
    if "/" not in path.rstrip("/"):
        return path in names()
    return any(any(base.glob(path.rstrip("/"))) for base in (ROOT, ROOT / "platform", document.parent))


@cache
def names() -> frozenset[str]:
    """Of every file, and of every folder with a slash behind, that is the project's own."""
    found = [each for room in _rooms() for each in (room, *(room.rglob("*") if room.is_dir() else ()))]
    return frozenset(f"{each.name}/" if each.is_dir() else each.name for each in found)


def _rooms() -> list[Path]:
    return [room for room in ROOT.iterdir() if room.name != "var" and not room.name.startswith(".")]


@pytest.mark.parametrize("document", DOCUMENTS, ids=ids(DOCUMENTS))
def test_every_path_that_a_document_names_is_there(document: Path) -> None:
    assert [path for path in paths_in(document.read_text()) if not is_there(path, document)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=ids(DOCUMENTS))
def test_every_link_leads_somewhere(document: Path) -> None:
    lost = [target for target in links(document) if not _leads_somewhere(target, document)]
    assert lost == []


def _leads_somewhere(target: str, document: Path) -> bool:
    path, _, heading = target.partition("#")
    file = document.parent / path if path else document
    return file.exists() and (not heading or heading in _headings(file))


def _headings(file: Path) -> set[str]:
    """The anchors that GitHub gives a document's headings."""
    titles = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", DOCUMENTS, ids=ids(DOCUMENTS))
def test_a_decision_is_linked_under_its_number(document: Path) -> None:
    linked = re.findall(r"\[[Dd]ecision (\d+)\]\(\S*decisions/(\d+)-", document.read_text())
    assert [(label, file) for label, file in linked if int(label) != int(file)] == []


def test_every_file_that_a_comment_in_source_names_is_there() -> None:
    assert sorted((file, name) for file, name in _named_in_source() if not is_there(name, ROOT / file)) == []


def _named_in_source() -> Iterator[tuple[str, str]]:
    """Each file of Python's source, and the files of Python and documents whose names stand in it."""
    for source in (file for folder in _folders() for file in folder.glob("*.py")):
        for name in re.findall(r"(?<![\w./<-])(?:[\w-]+/)*[\w-]+\.(?:py|md)\b", source.read_text()):
            if name not in OF_OTHERS:
                yield str(source.relative_to(ROOT)), name


def test_every_decision_that_source_names_is_there() -> None:
    numbers = {path.name[:4] for path in (ROOT / "docs" / "decisions").glob("0*.md")}
    named = [file.read_text() for folder in _folders() for file in folder.glob("*.py")]
    assert {number for text in named for number in re.findall(r"decisions/(\d{4})", text)} - numbers == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=ids(DOCUMENTS))
def test_every_target_of_make_that_a_document_names_is_there(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^|[`(] ?)make ([a-z-]+)", document.read_text(), re.MULTILINE))
    assert named - targets == set()


@pytest.mark.parametrize("document", [*DOCUMENTS, *RECORDS], ids=ids([*DOCUMENTS, *RECORDS]))
def test_lines_are_shorter_than_120_characters(document: Path) -> None:
    lines = prose(document.read_text()).splitlines()
    assert [line for line in lines if len(line) >= 120 and not re.match(r"\s*\||#| {4}", line)] == []


def test_what_an_order_goes_through_is_defined_where_the_document_says() -> None:
    steps = re.findall(r"`([\w/]+\.py):(\w+)`", ARCHITECTURE.read_text())
    assert len(steps) > 10
    assert [f"{file}:{name}" for file, name in steps if not _defines(file, name)] == []


def _defines(file: str, name: str) -> bool:
    found = [base / file for base in (ROOT, ROOT / "platform") if (base / file).is_file()]
    return any(re.search(rf"^\s*(?:def|class) {name}\b", each.read_text(), re.MULTILINE) for each in found)


def test_the_rooms_of_the_architecture_are_those_of_the_house() -> None:
    drawn = list(_drawn(ARCHITECTURE.read_text()))
    assert [room for room in drawn if not (ROOT / room).exists()] == []
    assert sorted(_packages() - set(drawn)) == []


def _drawn(text: str) -> Iterator[str]:
    """The paths of the tree under the heading Rooms, each line of which is two blanks deeper than what it lies in."""
    tree = text.partition("## Rooms\n```\n")[2].partition("\n```")[0]
    above: list[str] = []
    for line in tree.splitlines():
        name = line.split()[0]
        above[(len(line) - len(line.lstrip())) // 2 :] = [name]
        yield "".join(above)


def _packages() -> set[str]:
    """The folders in which Python's source lies, but for tests, whose folders mirror these."""
    rooms = {folder.relative_to(ROOT) for folder in _folders() if any(folder.glob("*.py"))}
    return {f"{room}/" for room in rooms if not WITHOUT_A_ROOM_OF_THEIR_OWN & set(room.parts)}


def _folders() -> Iterator[Path]:
    for room in _rooms():
        if room.is_dir() and room.name != "tests":
            yield from (room, *(each for each in room.rglob("*") if each.is_dir()))
