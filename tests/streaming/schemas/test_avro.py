from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import fastavro
import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from events import AlertChange, AlertStatus, ChangedStatus, FraudAlert, Status, Transaction, TransactionStatusChanged
from streaming.messages import InvalidMessage
from streaming.schemas.avro import SCHEMA_FILES, Codec
from streaming.schemas.ids import FingerprintIds, load_schema
from streaming.topics import TOPICS, Event, Topic

MOMENT = datetime(2026, 11, 22, 12, 0, 0, 123_000, tzinfo=UTC)
ORDER = Transaction("a-1", 7, 12.5, Status.SUCCESS, MOMENT)
CHANGE = TransactionStatusChanged("a-1", 7, 12.5, ChangedStatus.SUCCESS, ChangedStatus.REFUNDED, MOMENT)
ALERT = FraudAlert("a-1", 7, 2e7, "amount", AlertChange.RAISED, AlertStatus.OPEN, MOMENT)
CODEC = Codec(settings.SCHEMAS, FingerprintIds(settings.SCHEMAS))


@pytest.mark.parametrize("event", [ORDER, CHANGE, ALERT])
def test_an_event_comes_back_as_it_went(event: Event) -> None:
    assert CODEC.decode(TOPICS[type(event)], CODEC.encode(event)) == event


def test_any_avro_reader_that_knows_the_wire_format_reads_our_records() -> None:
    value = CODEC.encode(ORDER)
    schema = load_schema(settings.SCHEMAS / "transaction.avsc")
    assert value[0] == 0
    assert int.from_bytes(value[1:5], "big") == FingerprintIds(settings.SCHEMAS).id_of(schema)
    record: Any = fastavro.schemaless_reader(BytesIO(value[5:]), schema, None)
    assert record == {"order_id": "a-1", "user_id": 7, "amount": 12.5, "status": "SUCCESS", "timestamp": MOMENT}


def test_schema_ids_are_the_low_bits_of_the_specified_fingerprint() -> None:
    # The Avro specification's own example: the fingerprint of "int" is 0x7275d51a3f395c8f.
    ids = FingerprintIds(settings.SCHEMAS)
    assert ids.id_of("int") == 0x7275D51A3F395C8F & 0x7FFF_FFFF  # type: ignore[arg-type]


def test_schemas_of_different_shape_have_different_ids() -> None:
    ids = FingerprintIds(settings.SCHEMAS)
    assert len({ids.id_of(load_schema(settings.SCHEMAS / file)) for file in SCHEMA_FILES.values()}) == len(SCHEMA_FILES)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "tombstone"),
        (b"", "0 bytes are too few"),
        (b"\x00\x00", "2 bytes are too few"),
        (b"\x01" + CODEC.encode(ORDER)[1:], "magic byte is 1"),
        (b"\x00\x00\x00\x00\x2a" + CODEC.encode(ORDER)[5:], "schema id 42 is unknown"),
        (CODEC.encode(ORDER)[:-1], "undecodable Avro"),
        (CODEC.encode(ORDER)[:6], "undecodable Avro"),
        (CODEC.encode(ORDER) + b"x", "1 bytes are left over"),
        (CODEC.encode(CHANGE), "is a TransactionStatusChanged, not a Transaction"),
    ],
)
def test_bytes_that_hold_no_transaction_are_refused_with_the_reason(value: bytes | None, reason: str) -> None:
    with pytest.raises(InvalidMessage, match=reason):
        CODEC.decode(Topic.TRANSACTIONS, value)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(tail: bytes) -> None:
    header = CODEC.encode(ORDER)[:5]
    for value in (tail, header + tail):
        try:
            CODEC.decode(Topic.TRANSACTIONS, value)
        except InvalidMessage:
            continue


def test_a_record_of_an_older_schema_is_read_by_its_own(tmp_path: Path) -> None:
    for file in settings.SCHEMAS.glob("*.avsc"):
        (tmp_path / file.name).write_text(file.read_text())
    older = tmp_path / "older" / "transaction.avsc"
    older.parent.mkdir()
    older.write_text((settings.SCHEMAS / "transaction.avsc").read_text().replace("double", "float"))
    schema, ids, buffer = load_schema(older), FingerprintIds(tmp_path), BytesIO()
    record = {"order_id": "a-1", "user_id": 7, "amount": 12.5, "status": "SUCCESS", "timestamp": MOMENT}
    fastavro.schemaless_writer(buffer, schema, record)
    value = b"\x00" + ids.id_of(schema).to_bytes(4, "big") + buffer.getvalue()
    assert Codec(tmp_path, ids).decode(Topic.TRANSACTIONS, value) == ORDER
