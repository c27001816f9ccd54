import json
from decimal import Decimal
from typing import Any

import pytest

from audit.lines import CUT, MOST_CHARACTERS, Subject, narrowing, roles_in_words, subjects


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, []),
        ({"user_id": "0"}, [Subject(0)]),
        ({"user_id": 2**31 - 1}, [Subject(2**31 - 1)]),
        ({"user_id": str(2**31)}, []),
        ({"user_id": 30 * "9"}, []),
        ({"user_id": "٣"}, []),
        ({"user_id": [7, 8, 7], "order_id": "a-1"}, [Subject(7), Subject(8), Subject(None, "a-1")]),
        ({"refund_of": "a-1"}, [Subject(None, "a-1")]),
        ({"refund_of": 65 * "a"}, []),
        ({"q": " a-1 "}, [Subject(None, "a-1")]),
        ({"q": 20 * "9"}, [Subject(None, 20 * "9")]),
        ({"q": "7"}, [Subject(7)]),
        ({"q": "ada@shop.example"}, [Subject(None, "")]),
        ({"q": "  "}, []),
    ],
)
def test_whom_a_list_names(asked: dict[str, Any], found: list[Subject]) -> None:
    assert subjects(asked) == found


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, ""),
        ({"user_id": "7", "order_id": "a"}, ""),
        ({"status": "FAILED", "limit": "5"}, '{"limit":"5","status":"FAILED"}'),
        ({"amount": {"gte": "1.00"}, "facets": ["day"]}, '{"amount":{"gte":"1.00"},"facets":["day"]}'),
        ({"amount_min": Decimal("0.01"), "size": 5}, '{"amount_min":"0.01","size":5}'),
        ({"assignee": "amelia", "cursor": "cD0y", "status": "a@b"}, '{"assignee":"…","cursor":"…","status":"…"}'),
        ({"status": "é"}, '{"status":"…"}'),
    ],
)
def test_what_narrows_a_list_is_told_in_words_of_ours_only(asked: dict[str, Any], told: str) -> None:
    assert narrowing(asked) == told


def test_what_is_too_long_is_cut_where_the_column_ends() -> None:
    told = narrowing({"facets": ["status"] * 200})
    assert len(told) == MOST_CHARACTERS
    assert told.endswith(CUT)
    just = {"status": ""}
    just["status"] = "x" * (MOST_CHARACTERS - len(narrowing(just)))
    assert json.loads(narrowing(just)) == just


def test_roles_are_told_in_one_word_each() -> None:
    assert roles_in_words({"operator", "analyst"}, is_superuser=False) == "analyst,operator"
    assert roles_in_words({"operator"}, is_superuser=True) == "superuser"
