"""Events to bytes and back, in Confluent's wire format: a zero byte, the schema's id in four, then plain Avro."""

import struct
from collections.abc import Callable
from dataclasses import fields, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import fastavro

from events import FraudAlert, Transaction, TransactionCorrected, TransactionStatusChanged
from streaming.messages import InvalidMessage
from streaming.schemas.bounded import UnboundedSchema, check_bounded
from streaming.schemas.ids import Schema, SchemaIds, UnknownSchemaId, load_schema
from streaming.schemas.resolution import Resolved, Unfit, resolve
from streaming.topics import Event, Topic

MAGIC_BYTE = 0
HEADER = struct.Struct(">bI")
LARGEST_ID = 2**31 - 1
"""Registries count in Java's ints."""

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
        self._prepared: dict[tuple[Topic, int], Resolved[Event] | str] = {}
        self._checked: dict[int, str] = {}
        self._to_dict = {event_type: _reader_of_fields(event_type) for event_type in SCHEMA_FILES}

    def encode(self, event: Event) -> bytes:
        event_type = type(event)
        buffer = BytesIO()
        buffer.write(self._headers[event_type])
        fastavro.schemaless_writer(buffer, self._schemas[event_type], self._to_dict[event_type](event))
        return buffer.getvalue()

    def header_of(self, event_type: type[Event]) -> bytes:
        """The bytes with which each record of such events begins that was written with our own schema."""
        return self._headers[event_type]

    def decode(self, topic: Topic, value: bytes | None) -> Event:
        """The event in a record's value; raises InvalidMessage for bytes that hold none of this topic's."""
        value, schema_id = _opened(value)
        prepared = self._prepared.get((topic, schema_id)) or self._prepare(topic, schema_id)
        if isinstance(prepared, str):
            raise InvalidMessage(prepared)
        try:
            return prepared.event(_read(value, prepared.schema))
        except Unfit as unfit:
            raise InvalidMessage(str(unfit)) from unfit

    def decode_any(self, value: bytes | None) -> Any:
        """What a record's value holds, by the schema that it was written with; raises InvalidMessage."""
        value, schema_id = _opened(value)
        schema = self._schema_of(schema_id)
        if schema_id not in self._checked:
            self._checked[schema_id] = _why_unbounded(schema)
        if why := self._checked[schema_id]:
            raise InvalidMessage(why)
        return _read(value, schema)

    def _prepare(self, topic: Topic, schema_id: int) -> Resolved[Event] | str:
        """What reads records of a schema as this topic's events, or why none does: found out once."""
        schema = self._schema_of(schema_id)
        event_type = topic.event_type
        prepared: Resolved[Event] | str
        try:
            check_bounded(schema)
            prepared = resolve(schema, event_type, self._schemas[event_type])
            prepared = replace(prepared, schema=fastavro.parse_schema(prepared.schema))
        except (Unfit, UnboundedSchema) as error:
            prepared = str(error)
        self._prepared[topic, schema_id] = prepared
        return prepared

    def _schema_of(self, schema_id: int) -> Schema:
        try:
            return self._ids.schema_of(schema_id)
        except UnknownSchemaId as error:
            raise InvalidMessage(str(error)) from error


def _opened(value: bytes | None) -> tuple[bytes, int]:
    """The value, now known to be one, and the id of the schema that it was written with; raises InvalidMessage."""
    if value is None:
        raise InvalidMessage("the value is empty (a tombstone)")
    if len(value) < HEADER.size:
        raise InvalidMessage(f"{len(value)} bytes are too few for a schema id")
    magic, schema_id = HEADER.unpack_from(value)
    if magic != MAGIC_BYTE:
        raise InvalidMessage(f"the magic byte is {magic & 0xFF}, not {MAGIC_BYTE}")
    if schema_id > LARGEST_ID:
        raise InvalidMessage(f"schema id {schema_id} is unknown")
    return value, schema_id


def _read(value: bytes, schema: Any) -> Any:
    buffer = BytesIO(value)
    buffer.seek(HEADER.size)
    try:
        record = fastavro.schemaless_reader(buffer, schema, None)
    except Exception as error:
        # Reading is a function of the bytes alone, and fastavro raises many kinds of error for bad ones.
        raise InvalidMessage(f"undecodable Avro: {type(error).__name__} {error}".strip()) from error
    if left := len(buffer.read()):
        raise InvalidMessage(f"undecodable Avro: {left} bytes are left over")
    return record


def _why_unbounded(schema: Any) -> str:
    try:
        check_bounded(schema)
    except UnboundedSchema as error:
        return str(error)
    return ""


def _reader_of_fields(event_type: type[Event]) -> Callable[[Event], dict[str, Any]]:
    names = [field.name for field in fields(event_type)]
    return lambda event: {name: getattr(event, name) for name in names}
