import json
from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from typing import Any, get_type_hints

import pytest
from django.conf import settings

from streaming.schemas.avro import SCHEMA_FILES

REQUIRED = {
    "type": "record",
    "name": "Transaction",
    "fields": [
        {"name": "order_id", "type": "string"},
        {"name": "user_id", "type": "int"},
        {"name": "amount", "type": "double"},
        {"name": "status", "type": {"type": "enum", "name": "Status", "symbols": ["PENDING", "SUCCESS", "FAILED"]}},
        {"name": "timestamp", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    ],
}
PYTHON_TYPES = {"string": str, "int": int, "double": float}


def test_the_schema_of_transactions_is_the_required_one() -> None:
    assert json.loads((settings.SCHEMAS / "transaction.avsc").read_text()) == REQUIRED


@pytest.mark.parametrize("event_type", SCHEMA_FILES, ids=lambda event_type: event_type.__name__)
def test_events_mirror_their_schemas(event_type: type[Any]) -> None:
    schema = json.loads((settings.SCHEMAS / SCHEMA_FILES[event_type]).read_text())
    hints = get_type_hints(event_type)
    assert schema["name"] == event_type.__name__
    assert [field["name"] for field in schema["fields"]] == [field.name for field in fields(event_type)]
    for field in schema["fields"]:
        assert_mirrors(hints[field["name"]], field["type"])


def assert_mirrors(python_type: type[Any], avro: Any) -> None:
    if isinstance(avro, str):
        assert python_type is PYTHON_TYPES[avro]
    elif avro["type"] == "enum":
        assert issubclass(python_type, StrEnum)
        assert [member.value for member in python_type] == avro["symbols"]
    else:
        assert (avro["logicalType"], python_type) == ("timestamp-millis", datetime)
