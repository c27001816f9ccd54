"""The schema registry (Confluent's, or another one with the same API), which gives every schema its id."""

import json
from collections.abc import Mapping
from pathlib import Path

import fastavro
from confluent_kafka.schema_registry import Schema as Registered
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from streaming.schemas.ids import Schema, UnknownSchemaId

TIMEOUT_SECONDS = 5
NO_LIMIT = "NONE"
"""Any schema may follow any other."""
NOT_FOUND = 404
INCOMPATIBLE = 409
COMPATIBILITY = "BACKWARD"
"""Whoever knows a subject's newest schema can read records of the one before: readers are brought up to date first."""


class NotRegistered(LookupError):
    """Nobody has registered this very schema; says what to do."""


class RegistryDown(RuntimeError):
    """The registry does not answer."""


class Incompatible(ValueError):
    """The registry refuses a schema, since readers of it could not read what is in the topic; gives its reason."""


class RegistryIds:
    """Ids that the registry gives. Each is asked for once in the life of a process.

    subjects: under which subject the schema of each name is registered (TopicNameStrategy: <topic>-value). Nothing is
    registered by looking it up: a process that meets a schema the registry does not know stops with NotRegistered.
    """

    def __init__(self, url: str, subjects: Mapping[str, str], ca_file: Path | None = None) -> None:
        trust = {"ssl.ca.location": str(ca_file)} if ca_file else {}
        self._client = SchemaRegistryClient({"url": url, "timeout": TIMEOUT_SECONDS} | trust)
        self._subjects = subjects
        self._by_id: dict[int, Schema] = {}

    def id_of(self, schema: Schema) -> int:
        subject = self._subjects[schema["name"]]
        try:
            # Normalized: whoever registered it may have laid out the same schema differently.
            found = self._client.lookup_schema(subject, _as_told(schema), normalize_schemas=True)
        except SchemaRegistryError as error:
            if error.http_status_code != NOT_FOUND:
                raise
            raise NotRegistered(
                f"The registry does not know the schema of {schema['name']} under {subject}: "
                "run `manage.py register_schemas`."
            ) from error
        return int(found.schema_id or 0)

    def schema_of(self, schema_id: int) -> Schema:
        if schema_id not in self._by_id:
            self._by_id[schema_id] = self._fetched(schema_id)
        return self._by_id[schema_id]

    def register(self, schema: Schema) -> int:
        """Register a schema, held to COMPATIBILITY with those before it; returns its id, the same one every time.

        Raises Incompatible.
        """
        subject = self._subjects[schema["name"]]
        # Apicurio takes no rule for a subject without any schema; and the first schema breaks no reader.
        known = subject in self._client.get_subjects()
        if known:
            self._client.set_compatibility(subject, COMPATIBILITY)
        try:
            schema_id = self._client.register_schema(subject, _as_told(schema), normalize_schemas=True)
        except SchemaRegistryError as error:
            if error.http_status_code != INCOMPATIBLE:
                raise
            raise Incompatible(f"{subject}: {error.error_message}") from error
        if not known:
            self._client.set_compatibility(subject, COMPATIBILITY)
        return schema_id

    def hold_to_nothing(self, subject: str) -> bool:
        """Let any schema follow any other in a subject that is nobody's contract.

        Returns whether that is so now: not where the registry takes no rule for a subject that has no schema yet, and
        has one for all subjects.
        """
        try:
            self._client.set_compatibility(subject, NO_LIMIT)
        except SchemaRegistryError as error:
            if error.http_status_code != NOT_FOUND:
                raise
            return self._client.get_compatibility() == NO_LIMIT
        return True

    def ping(self) -> None:
        """Return if the registry answers; raises RegistryDown."""
        try:
            self._client.get_subjects()
        except Exception as error:
            # Over whichever library the client speaks HTTP, its errors are of many kinds and mean the same.
            raise RegistryDown(f"{type(error).__name__}: {error}") from error

    def _fetched(self, schema_id: int) -> Schema:
        try:
            text = self._client.get_schema(schema_id).schema_str
        except SchemaRegistryError as error:
            if error.http_status_code != NOT_FOUND:
                raise
            raise UnknownSchemaId(f"schema id {schema_id} is unknown") from None
        try:
            return fastavro.parse_schema(json.loads(text or ""))  # type: ignore[return-value]
        except Exception as error:
            # A function of the text alone, which may be of another kind of schema, or nested without end.
            raise UnknownSchemaId(f"schema id {schema_id} is no Avro schema that stands by itself") from error


def _as_told(schema: Schema) -> Registered:
    """A schema as the registry takes it: without the notes that fastavro makes in a parsed one."""
    plain = {name: value for name, value in schema.items() if not name.startswith("__")}
    return Registered(json.dumps(plain), "AVRO")
