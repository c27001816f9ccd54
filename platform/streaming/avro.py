"""Events to bytes and back, in Confluent's wire format: a zero byte, the schema's id in four, then plain Avro."""

import struct
from collections.abc import Callable
from dataclasses import fields
from io import BytesIO
from pathlib import Path
from typing import Any

import fastavro

from events import FraudAlert, Transaction, TransactionCorrected, TransactionStatusChanged
from streaming.schema_ids import Schema, SchemaIds, UnknownSchemaId, load_schema
from streaming.topics import Event, Topic
from streaming.worker import InvalidMessage

MAGIC_BYTE = 0
HEADER = struct.Struct(">bI")

SCHEMA_FILES: dict[type[Event], str] = {
    Transaction: "transaction.avsc",
    TransactionStatusChanged: "transaction_status_changed.avsc",
    TransactionCorrected: "transaction_corrected.avsc",
    FraudAlert: "fraud_alert.avsc",
}


class Codec:
    def __init__(self, folder: Path, ids: SchemaIds) -> None:
        self._ids = ids
        self._schemas = {event_type: load_schema(folder / file) for event_type, file in SCHEMA_FILES.items()}
        self._headers = {
            event_type: HEADER.pack(MAGIC_BYTE, ids.id_of(schema)) for event_type, schema in self._schemas.items()
        }
        self._to_dict = {event_type: _reader_of_fields(event_type) for event_type in SCHEMA_FILES}

    def encode(self, event: Event) -> bytes:
        event_type = type(event)
        buffer = BytesIO()
        buffer.write(self._headers[event_type])
        fastavro.schemaless_writer(buffer, self._schemas[event_type], self._to_dict[event_type](event))
        return buffer.getvalue()

    def decode(self, topic: Topic, value: bytes | None) -> Event:
        """The event in a record's value; raises InvalidMessage for bytes that hold none of this topic's."""
        value, schema = self._opened(value)
        event_type = topic.event_type
        name = schema["name"] if isinstance(schema, dict) else schema
        if name != event_type.__name__:
            raise InvalidMessage(f"the value is a {name}, not a {event_type.__name__}")
        return event_type(**self._read(value, schema, self._schemas[event_type]))

    def decode_any(self, value: bytes | None) -> Any:
        """What a record's value holds, by the schema that it was written with; raises InvalidMessage."""
        value, schema = self._opened(value)
        return self._read(value, schema, schema)

    def _opened(self, value: bytes | None) -> tuple[bytes, Schema]:
        """The value, now known to be one, and the schema that it was written with."""
        if value is None:
            raise InvalidMessage("the value is empty (a tombstone)")
        if len(value) < HEADER.size:
            raise InvalidMessage(f"{len(value)} bytes are too few for a schema id")
        magic, schema_id = HEADER.unpack_from(value)
        if magic != MAGIC_BYTE:
            raise InvalidMessage(f"the magic byte is {magic & 0xFF}, not {MAGIC_BYTE}")
        try:
            return value, self._ids.schema_of(schema_id)
        except UnknownSchemaId as error:
            raise InvalidMessage(str(error)) from error

    def _read(self, value: bytes, written_with: Schema, read_as: Schema) -> dict[str, Any]:
        buffer = BytesIO(value)
        buffer.seek(HEADER.size)
        try:
            record = fastavro.schemaless_reader(buffer, written_with, None if written_with == read_as else read_as)
        except Exception as error:
            # Reading is a function of the bytes alone, and fastavro raises many kinds of error for bad ones.
            raise InvalidMessage(f"undecodable Avro: {type(error).__name__} {error}".strip()) from error
        if left := len(value) - buffer.tell():
            raise InvalidMessage(f"undecodable Avro: {left} bytes are left over")
        return record  # type: ignore[return-value]


def _reader_of_fields(event_type: type[Event]) -> Callable[[Event], dict[str, Any]]:
    names = [field.name for field in fields(event_type)]
    return lambda event: {name: getattr(event, name) for name in names}
