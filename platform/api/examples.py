"""An example of each answer in the document at /schema, made of what the document says of its form."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from api.csv_lines import lines
from events.money import Ledger, shown

Schema = Mapping[str, Any]
Components = Mapping[str, Schema]

A_MOMENT = "2026-11-22T14:03:11.250000Z"
SAMPLES: Mapping[str, Any] = {
    "order_id": "A-1001",
    "user_id": 42,
    "amount": "19.99",
    "refunded_amount": "0.00",
    "refund_status": None,
    "refund_of": None,
    "status": "SUCCESS",
    "kind": "ORDER",
    "reason": "RETURNED",
    "note": "One of two.",
    "rule": "amount-above-limit",
    "assignee": "investigator",
    "by": "investigator",
    "version": "1",
    "next": "http://127.0.0.1:8000/…?cursor=cD0yMDI2",
    "previous": None,
    "token": "6f1c…",
    "hour": "2026-11-22T14:00:00Z",
    "total_amount": "20.00",
    "transaction_count": 3,
    "settled_amount": "20.00",
    "failed_amount": "0.00",
    "name": "transactions",
    "topic": "transactions",
    "host": "kafka-1",
    "port": 9093,
    "partition": 0,
    "leader": 1,
    "replicas": 3,
    "in_sync": 3,
    "end_offset": 1200,
    "stable_offset": 1200,
    "committed": 1188,
    "lag": 12,
    "held": 0,
    "records": 3600,
    "internal": False,
    "open_transaction_since": None,
    "cluster_id": "bXktZmlyc3QtY2x1c3Rlcg",
    "client_id": "recorder-1",
    "state": "Stable",
    "why": "",
    "detail": "",
    "silent_brokers": [],
    "under_replicated_partitions": [],
    "offline_partitions": [],
}
"""What a member of this name may hold, wherever its form allows that."""

OF_FORM: Mapping[str, Mapping[str, Any]] = {
    "Refund": {
        "order_id": "refund-A-1001-5d1c0e7a92b4",
        "amount": "-4.99",
        "kind": "REFUND",
        "refund_of": "A-1001",
    },
    "ChangedTransaction": {"refund": None},
    "Alert": {"amount": "20000000.00", "status": "INVESTIGATING"},
    "AlertWithHistory": {"amount": "20000000.00", "status": "INVESTIGATING"},
    "Part": {"name": "database"},
    "Entry": {"previous_status": "OPEN", "status": "INVESTIGATING", "note": ""},
    "Notification": {"kind": "ORDER_PAID", "text": "Your order A-1001 is paid."},
}
"""What differs from SAMPLES in a form, or has to fit together there."""


def add_examples(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Give every successful answer an example that has none; a hook of drf-spectacular's."""
    components = result.get("components", {}).get("schemas", {})
    for response in _successes(result):
        content = response.get("content", {}).get("application/json", {})
        if "schema" in content and not content.get("examples"):
            value = _example("", content["schema"], components)
            content["examples"] = {"AnAnswer": {"summary": "an answer", "value": value}}
    return result


def csv_lines_of(columns: Sequence[str]) -> str:
    """A table of these columns with one row."""
    samples = {**SAMPLES, "currency": Ledger.currency.code, **(OF_FORM["Alert"] if "rule" in columns else {})}
    row = {name: samples.get(name, A_MOMENT if name.endswith("_at") or name == "timestamp" else 1) for name in columns}
    return b"".join(lines([[in_currency(row)]], columns)).decode()


def in_currency(members: Mapping[str, Any]) -> dict[str, Any]:
    """With the decimals that the currency has."""
    return {
        name: str(shown(Decimal(value))) if "amount" in name and isinstance(value, str) else value
        for name, value in members.items()
    }


def _successes(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for operations in document["paths"].values():
        for operation in operations.values():
            # Health reports by 503, too.
            yield from (each for status, each in operation["responses"].items() if status[0] in "25")


def _example(name: str, schema: Schema, components: Components) -> Any:
    if "$ref" in schema:
        form = schema["$ref"].rsplit("/", 1)[-1]
        value = _example(name, components[form], components)
        return in_currency({**value, **OF_FORM.get(form, {})}) if isinstance(value, dict) else value
    for choice in ("allOf", "oneOf", "anyOf"):
        if choice in schema:
            return None if SAMPLES.get(name, ...) is None else _example(name, schema[choice][0], components)
    if "enum" in schema:
        return SAMPLES[name] if SAMPLES.get(name, ...) in schema["enum"] else schema["enum"][0]
    return _of_type(name, schema, components)


def _of_type(name: str, schema: Schema, components: Components) -> Any:
    types = schema.get("type", "object")
    kind = types if isinstance(types, str) else next(each for each in types if each != "null")
    match kind:
        case "object":
            return _object(schema, components)
        case "array" if name not in SAMPLES:
            return [_example(name, schema["items"], components)]
    if name == "currency":
        return Ledger.currency.code
    fits = name in SAMPLES and (SAMPLES[name] is not None or "null" in types)
    return SAMPLES[name] if fits else _plain(kind, schema)


def _object(schema: Schema, components: Components) -> dict[str, Any]:
    members = {name: _example(name, each, components) for name, each in schema.get("properties", {}).items()}
    others = schema.get("additionalProperties")
    return members | ({"transactions": _example("", others, components)} if isinstance(others, dict) and others else {})


def _plain(kind: str, schema: Schema) -> Any:
    if kind == "string":
        texts = {"date-time": A_MOMENT, "uri": "http://127.0.0.1:8000/", "decimal": "19.99"}
        return texts.get(schema.get("format", ""), "…")
    return {"integer": schema.get("minimum", 1), "number": 1.5, "boolean": True}[kind]
