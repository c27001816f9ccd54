from typing import Any

import pytest

from streaming.debezium import RowChange, row_change, version
from streaming.messages import InvalidMessage

ROW = {"order_id": "a-1", "amount": 12.5}


def envelope(op: str, **changed: Any) -> dict[str, Any]:
    source = {"file": "binlog.000002", "pos": 157}
    return {"op": op, "before": None, "after": None, "source": source, "ts_ms": 0} | changed


@pytest.mark.parametrize("op", ["c", "u", "r"])
def test_a_written_row_is_told_as_it_is_now(op: str) -> None:
    change = row_change(envelope(op, before={"order_id": "a-1", "amount": 1.0}, after=ROW), "order_id", 9)
    assert change == RowChange("a-1", ROW, (2 << 40) + 157)


def test_a_deleted_row_is_gone() -> None:
    assert row_change(envelope("d", before=ROW), "order_id", 9) == RowChange("a-1", None, (2 << 40) + 157)


def test_versions_grow_through_the_binlog_from_file_to_file() -> None:
    places = [("binlog.000001", 4), ("binlog.000001", 2**32), ("binlog.000002", 4), ("binlog.000010", 4)]
    versions = [version({"file": file, "pos": pos}, offset=5) for file, pos in places]
    assert versions == sorted(set(versions))
    assert version({"file": "binlog.1000000", "pos": 2**32}, 0) < 2**63


@pytest.mark.parametrize("source", [None, {}, {"file": None, "pos": 3}, {"file": "", "pos": 3}, {"lsn": 1}])
def test_where_the_source_tells_no_place_the_offset_serves(source: Any) -> None:
    assert version(source, offset=5) == 5


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("text", "no change of a row"),
        (ROW, "no change of a row"),
        (envelope("t"), "op is 't'"),
        (envelope("c"), "has no order_id"),
        (envelope("c", after={"amount": 1.0}), "has no order_id"),
        (envelope("c", after={"order_id": ""}), "has no order_id"),
        (envelope("d", after=ROW), "has no order_id"),
    ],
)
def test_what_is_no_change_of_a_row_is_refused_with_the_reason(value: Any, why: str) -> None:
    with pytest.raises(InvalidMessage, match=why):
        row_change(value, "order_id", 0)
