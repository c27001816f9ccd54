"""Where the ids of Avro schemas come from."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import fastavro
from fastavro.schema import fingerprint, to_parsing_canonical_form

Schema = dict[str, Any]


class UnknownSchemaId(LookupError):
    """No schema is known by this id."""


class SchemaIds(Protocol):
    def id_of(self, schema: Schema) -> int:
        """The 4-byte id under which records of this schema are written."""

    def schema_of(self, schema_id: int) -> Schema:
        """The schema a record was written with; raises UnknownSchemaId."""


class FingerprintIds:
    """Ids derived from the schemas themselves, for where no registry runs.

    An id is the low 31 bits of the CRC-64-AVRO fingerprint of the schema's parsing canonical form, both of the Avro
    specification, so that any Avro library can compute it.
    """

    def __init__(self, folder: Path) -> None:
        schemas = [load_schema(file) for file in sorted(folder.glob("**/*.avsc"))]
        self._by_id: Mapping[int, Schema] = {self.id_of(schema): schema for schema in schemas}

    def id_of(self, schema: Schema) -> int:
        crc64 = fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO")
        # fastavro prints the fingerprint's bytes little-endian, as the specification's single-object encoding has them.
        return int.from_bytes(bytes.fromhex(crc64), "little") & 0x7FFF_FFFF

    def schema_of(self, schema_id: int) -> Schema:
        try:
            return self._by_id[schema_id]
        except KeyError:
            raise UnknownSchemaId(f"schema id {schema_id} is unknown") from None


def load_schema(file: Path) -> Schema:
    return fastavro.parse_schema(json.loads(file.read_text()))  # type: ignore[return-value]
