"""Records of schemas that others have registered: read as Avro says, or buried by the field's name."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import fastavro
import pytest
from django.conf import settings

from events import Status, Transaction
from streaming.messages import InvalidMessage
from streaming.schemas.avro import Codec
from streaming.schemas.ids import FingerprintIds
from streaming.schemas.resolution import Unfit, resolve
from streaming.topics import Topic

MOMENT = datetime(2026, 11, 22, 12, 0, 0, 123_000, tzinfo=UTC)
MILLIS = int(MOMENT.timestamp() * 1000)
ORDER = Transaction("a-1", 7, 12.0, Status.SUCCESS, MOMENT)
RECORD: dict[str, Any] = {"order_id": "a-1", "user_id": 7, "amount": 12.0, "status": "SUCCESS", "timestamp": MILLIS}
STATUSES = ["PENDING", "SUCCESS", "FAILED"]


def schema(**types: Any) -> dict[str, Any]:
    """The required schema with other types of some fields; None: without the field. Names of the schema: `_name`, …"""
    found: dict[str, Any] = json.loads((settings.SCHEMAS / "transaction.avsc").read_text())
    found |= {key.removeprefix("_"): types.pop(key) for key in list(types) if key.startswith("_")}
    known = {field["name"]: field["type"] for field in found["fields"]} | types
    found["fields"] = [{"name": name, "type": kind} for name, kind in known.items() if kind is not None]
    return found


THEIRS = 4711


class Registered(FingerprintIds):
    """Ids as a registry gives them, where somebody has registered one more schema."""

    def __init__(self, theirs: Any) -> None:
        super().__init__(settings.SCHEMAS)
        self._theirs = theirs

    def schema_of(self, schema_id: int) -> Any:
        return self._theirs if schema_id == THEIRS else super().schema_of(schema_id)


def read(written_with: Any, record: Any = RECORD, *, as_bytes: bytes | None = None) -> Any:
    """Read a record of a schema that somebody has registered."""
    parsed, buffer = fastavro.parse_schema(written_with), BytesIO()
    if as_bytes is None:
        fastavro.schemaless_writer(buffer, parsed, record)
    value = b"\x00" + THEIRS.to_bytes(4, "big") + (as_bytes or buffer.getvalue())
    return Codec(settings.SCHEMAS, Registered(parsed)).decode(Topic.TRANSACTIONS, value)


def enum(**changes: Any) -> dict[str, Any]:
    return {"type": "enum", "name": "Status", "symbols": STATUSES} | changes


def of_long(logical_type: str) -> dict[str, Any]:
    return {"type": "long", "logicalType": logical_type}


@pytest.mark.parametrize(
    ("written_with", "changes"),
    [
        (schema(_namespace="com.partner.orders"), {}),
        (schema(_name="com.partner.orders.Transaction"), {}),
        (schema(status=enum(namespace="com.partner.other")), {}),
        (schema(status=enum(symbols=["UNKNOWN", *reversed(STATUSES)])), {}),
        (schema(order_id=["null", "string"], user_id=["int", "null"], status=["null", enum()]), {}),
        (schema(amount="int"), {"amount": 12}),
        (schema(amount="long"), {"amount": 12}),
        (schema(amount="float"), {}),
        (schema(amount=["null", "int", "double"]), {"amount": 12}),
        (schema(order_id="bytes"), {"order_id": b"a-1"}),
        (schema(timestamp="long"), {}),
        (schema(timestamp=["null", "long"]), {}),
        (schema(timestamp=of_long("timestamp-micros")), {"timestamp": MILLIS * 1000}),
        (schema(timestamp=of_long("timestamp-nanos")), {"timestamp": MILLIS * 1_000_000}),
        (schema(timestamp=of_long("something-of-theirs")), {}),
        (schema(channel=enum(name="Channel", symbols=["WEB"])), {"channel": "WEB"}),
        (schema(tags={"type": "array", "items": "string"}, more={"type": "map", "values": "long"}), {"tags": ["x"], "more": {"a": 1}}),  # noqa: E501
    ],
    ids=str,
)  # fmt: skip
def test_what_avro_resolves_is_the_same_order(written_with: Any, changes: dict[str, Any]) -> None:
    assert read(written_with, RECORD | changes) == ORDER


def test_a_uuid_is_an_order_id() -> None:
    order_id = "0f8fad5b-d9cb-469f-a165-70867728950e"
    found = read(schema(order_id={"type": "string", "logicalType": "uuid"}), RECORD | {"order_id": order_id})
    assert found == replace(ORDER, order_id=order_id)


LIST: dict[str, Any] = {"type": "array", "items": "null"}


@pytest.mark.parametrize(
    ("written_with", "changes", "reason"),
    [
        (schema(timestamp=of_long("local-timestamp-millis")), {}, "^timestamp is a local-timestamp-millis, a time without"),  # noqa: E501
        (schema(timestamp=["null", of_long("local-timestamp-micros")]), {}, "timestamp is a local-timestamp-micros"),
        (schema(timestamp={"type": "int", "logicalType": "date"}), {"timestamp": 20000}, "^timestamp is a date"),
        (schema(timestamp="string"), {"timestamp": "2026-01-01"}, "^timestamp is a string, not a timestamp-millis"),
        (schema(), {"timestamp": 2**62}, "^timestamp 4611686018427387904 is no moment"),
        (schema(order_id="int"), {"order_id": 1}, "^order_id is an int, not a string"),
        (schema(order_id=["null", "string"]), {"order_id": None}, "^order_id is a null, not a string"),
        (schema(order_id="bytes"), {"order_id": b"\xff"}, "^order_id is no text"),
        (schema(order_id=None), {}, "^order_id is missing"),
        (schema(user_id="long"), {}, "^user_id is a long, not an int"),
        (schema(user_id="boolean"), {"user_id": True}, "^user_id is a boolean"),
        (schema(user_id=["int", "long"]), {}, "^user_id may be of several types"),
        (schema(amount={"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}), {"amount": b"1"}, "^amount is a decimal"),  # noqa: E501
        (schema(amount=["null", "double"]), {"amount": None}, "^amount is a null, not a double"),
        (schema(status="string"), {}, "^status is a string, not an enum Status"),
        (schema(status=enum(name="OrderStatus")), {}, "^status is an enum OrderStatus"),
        (schema(status=enum(symbols=["CANCELLED"])), {"status": "CANCELLED"}, "^status CANCELLED is none of PENDING, SUCCESS, FAILED"),  # noqa: E501
        (schema(_name="Order"), {}, "^the value is a Order, not a Transaction"),
        ({"type": "array", "items": "int"}, [], "^the value is an array, not a Transaction"),
        (["null", "string"], "x", "^the value is a union, not a Transaction"),
        ("string", "x", "^the value is a string, not a Transaction"),
        (schema(gifts=LIST), {"gifts": []}, "a list whose items take no bytes"),
        (schema(gifts={"type": "array", "items": {"type": "record", "name": "E", "fields": []}}), {"gifts": []}, "take no bytes"),  # noqa: E501
        (schema(gifts=["null", "Transaction"]), {"gifts": None}, "a Transaction may hold another one"),
    ],
    ids=str,
)  # fmt: skip
def test_what_it_does_not_is_refused_by_the_fields_name(written_with: Any, changes: Any, reason: str) -> None:
    with pytest.raises(InvalidMessage, match=reason):
        read(written_with, RECORD | changes if isinstance(changes, dict) else changes)


def doubling(levels: int) -> dict[str, Any]:
    """A schema of a few lines whose records have two to the power of `levels` parts, and no bytes."""
    inner: Any = {"type": "record", "name": "L0", "fields": []}
    for n in range(1, levels):
        inner = {
            "type": "record",
            "name": f"L{n}",
            "fields": [{"name": "a", "type": inner}, {"name": "b", "type": f"L{n - 1}"}],
        }
    return schema(gifts=inner)


def test_a_schema_that_takes_for_ever_to_read_is_refused() -> None:
    with pytest.raises(InvalidMessage, match="more than 20000 steps"):
        read(doubling(40), as_bytes=b"x")


@pytest.mark.parametrize("index", [-1, 3, 99, 2**40])
def test_an_index_that_no_symbol_has_is_refused(index: int) -> None:
    theirs, buffer = schema(status="long"), BytesIO()
    fastavro.schemaless_writer(buffer, fastavro.parse_schema(theirs), RECORD | {"status": index})
    with pytest.raises(InvalidMessage, match=f"^status has the index {index}, and there are 3 symbols"):
        read(schema(), as_bytes=buffer.getvalue())


@pytest.mark.parametrize("user_id", [-(2**31) - 1, 2**31, 3_000_000_000])
def test_an_int_of_more_than_32_bits_is_refused(user_id: int) -> None:
    buffer = BytesIO()
    fastavro.schemaless_writer(buffer, fastavro.parse_schema(schema(user_id="long")), RECORD | {"user_id": user_id})
    with pytest.raises(InvalidMessage, match=f"^user_id {user_id} is beyond an int"):
        read(schema(), as_bytes=buffer.getvalue())


def read_as(ours: dict[str, Any], written_with: dict[str, Any], record: dict[str, Any]) -> Transaction:
    """A record of another schema, where this one is ours."""
    return resolve(fastavro.parse_schema(written_with), Transaction, fastavro.parse_schema(ours)).event(record)


READ = RECORD | {"status": 1}
"""as an Avro library reads it: enums are indexes"""


def test_a_field_that_we_add_with_a_default_leaves_older_records_readable() -> None:
    ours = schema()
    ours["fields"].append({"name": "colour", "type": "string", "default": ""})
    assert read_as(ours, schema(), READ) == ORDER


@pytest.mark.parametrize(
    ("name", "kind", "default", "found"),
    [
        ("amount", "double", 0.0, 0.0),
        ("amount", ["null", "double"], None, None),
        ("status", enum(), "PENDING", Status.PENDING),
        ("timestamp", of_long("timestamp-millis"), MILLIS, MOMENT),
    ],
)
def test_what_a_writer_did_not_know_yet_is_our_default(name: str, kind: Any, default: Any, found: Any) -> None:
    ours = schema(**{name: kind})
    (field,) = [each for each in ours["fields"] if each["name"] == name]
    field["default"] = default
    assert read_as(ours, schema(**{name: None}), {k: v for k, v in READ.items() if k != name}) == replace(
        ORDER, **{name: found}
    )


def test_a_field_of_ours_may_be_a_union() -> None:
    ours = schema(amount=["null", "double"], status=["null", enum()])
    assert read_as(ours, schema(), READ) == ORDER
    assert read_as(ours, schema(amount=["double", "null"]), READ | {"amount": None}).amount is None
    with pytest.raises(Unfit, match="amount is a string, not a null or a double"):
        read_as(ours, schema(amount="string"), READ)
