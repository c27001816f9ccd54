"""How a record of somebody else's schema becomes an event: Avro's schema resolution, held to the letter. Pure.

Names match without their namespaces, numbers are promoted where Avro promotes them, and whatever does not fit is
refused by the field's name. Libraries take less care: enum indexes below zero, ints of more than 32 bits, times
without a zone.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from operator import itemgetter
from typing import Any, Generic, TypeVar, get_args, get_type_hints

from events.time import EPOCH

EventT = TypeVar("EventT")
Convert = Callable[[Any], Any]

INT = range(-(2**31), 2**31)
TICKS_A_MICROSECOND = {"timestamp-millis": (1000, 1), "timestamp-micros": (1, 1), "timestamp-nanos": (1, 1000)}
"""logical type → microseconds are ticks × the first, divided by the second"""
NOT_A_TIME = {"date", "time-millis", "time-micros"}


class Unfit(ValueError):
    """A value, or a whole schema, that is none of the event's; says which field and why."""


@dataclass(frozen=True)
class Resolved(Generic[EventT]):
    """A writer's schema, prepared for reading events of one type.

    schema: what to give to an Avro library: the writer's, but enums are their indexes and logical types the numbers
    beneath them. event: makes the event of such a record; raises Unfit.
    """

    schema: Any
    event: Callable[[Mapping[str, Any]], EventT]


def resolve(written_with: Any, event_type: type[EventT], read_as: Any) -> Resolved[EventT]:
    """Prepare a writer's schema; raises Unfit if no record of it can be such an event.

    written_with, read_as: parsed schemas, with full names; the latter is of event_type, a dataclass.
    """
    if not isinstance(written_with, dict) or written_with.get("type") != "record":
        raise Unfit(f"the value is {_in_words(written_with)}, not a {event_type.__name__}")
    if (name := _unqualified(written_with["name"])) != read_as["name"]:
        raise Unfit(f"the value is a {written_with['name']}, not a {read_as['name']}")
    named = _named(written_with)
    written = {each["name"]: each["type"] for each in written_with["fields"]}
    types = get_type_hints(event_type)
    # Others that a schema has are for those who know them.
    read = {each["name"]: each for each in read_as["fields"] if each["name"] in types}
    if missing := [each for each, field in read.items() if each not in written and "default" not in field]:
        raise Unfit(f"{missing[0]} is missing in the schema of {name} that it was written with")
    converts = {
        each: _field(each, _branches(written[each], named), field["type"], types[each])
        for each, field in read.items()
        if each in written
    }
    defaults = {
        each: _default(field, _named(read_as), types[each]) for each, field in read.items() if each not in written
    }
    return Resolved(_raw(written_with, named), _maker(event_type, converts, defaults))


def _maker(
    event_type: Any, converts: Mapping[str, Convert], defaults: Mapping[str, Any]
) -> Callable[[Mapping[str, Any]], Any]:
    names = [each.name for each in fields(event_type) if each.name in converts]
    values = itemgetter(*names)
    in_order = [converts[name] for name in names]
    if defaults:
        return lambda record: event_type(**defaults, **{name: converts[name](record[name]) for name in names})
    # By position, since that is the way that costs least: each record goes through here.
    return lambda record: event_type(*[convert(value) for convert, value in zip(in_order, values(record))])  # noqa: B905


def _default(field: Mapping[str, Any], named: Mapping[str, Any], python_type: type) -> Any:
    """What a field of the reader's own schema is where its writer knew none; of a union, a value of its first type."""
    (kind, *_) = _branches(field["type"], named)
    value = field["default"]
    as_read = kind["symbols"].index(value) if _kind(kind) == "enum" else value
    return _branch(field["name"], kind, kind, python_type)(as_read)


def _field(name: str, branches: list[Any], read_as: Any, python_type: type) -> Convert:
    """What makes a field's value of what was read; branches: the types that its writer may have chosen from."""
    if len(branches) == 1:
        return _branch(name, branches[0], read_as, python_type)
    by_type: dict[type, Convert] = {}
    for branch in branches:
        if (read := READ_AS[_kind(branch)]) in by_type:
            raise Unfit(f"{name} may be of several types that look alike: {_in_words(branch)} is one of them")
        try:
            by_type[read] = _branch(name, branch, read_as, python_type)
        except Unfit as unfit:
            by_type[read] = _refusal(str(unfit))
    return lambda value: by_type[type(value)](value)


def _branch(name: str, branch: Any, read_as: Any, python_type: type) -> Convert:
    """What makes a field's value of one type of its writer; raises Unfit if Avro has no way from one to the other."""
    if not isinstance(read_as, list):
        return _only_way(name, branch, read_as, python_type)
    for each in read_as:
        try:
            return _only_way(name, branch, each, python_type)
        except Unfit:
            continue  # Avro takes the first that fits
    raise Unfit(f"{name} is {_in_words(branch)}, not {' or '.join(map(_in_words, read_as))}")


def _only_way(name: str, branch: Any, read_as: Any, python_type: type) -> Convert:
    kind, wanted = _kind(branch), _kind(read_as)
    if kind == wanted == "null":
        return _same
    if wanted == "enum" and kind == "enum" and _unqualified(branch["name"]) == _unqualified(read_as["name"]):
        return _symbols(name, branch["symbols"], python_type)
    if wanted == "long" and kind in {"int", "long"}:
        return _moments(name, branch.get("logicalType") if isinstance(branch, dict) else None)
    if wanted == "string" and kind in {"string", "bytes"}:
        return _same if kind == "string" else _texts(name)
    if wanted == "int" and kind == "int":
        return _ints(name)
    if wanted == "double" and kind in {"int", "long", "float", "double"}:
        return _same if kind in {"float", "double"} else float
    raise Unfit(f"{name} is {_in_words(branch)}, not {_in_words(read_as)}")


def _same(value: Any) -> Any:
    return value


def _refusal(why: str) -> Convert:
    def refuse(_: Any) -> Any:
        raise Unfit(why)

    return refuse


def _symbols(name: str, symbols: list[str], python_type: type) -> Convert:
    known = {each.value: each for each in _enum_in(python_type)}
    members = [known.get(symbol) for symbol in symbols]
    places = range(len(symbols))

    def member(index: int) -> Any:
        if index not in places:
            raise Unfit(f"{name} has the index {index}, and there are {len(symbols)} symbols")
        if (found := members[index]) is None:
            raise Unfit(f"{name} {symbols[index]} is none of {', '.join(known)}")
        return found

    return member


def _enum_in(python_type: Any) -> Iterable[StrEnum]:
    """The members of an enum, also of one that may be None."""
    for each in get_args(python_type) or (python_type,):
        if issubclass(each, StrEnum):
            yield from each


def _moments(name: str, logical_type: str | None) -> Convert:
    """From ticks to moments. Without a logical type they are milliseconds, as for a Java reader."""
    if str(logical_type).startswith("local-timestamp-"):
        raise Unfit(f"{name} is a {logical_type}, a time without a zone: use timestamp-millis")
    if logical_type in NOT_A_TIME:
        raise Unfit(f"{name} is a {logical_type}, not a timestamp-millis")
    times, divided_by = TICKS_A_MICROSECOND.get(str(logical_type), TICKS_A_MICROSECOND["timestamp-millis"])

    def moment(ticks: int) -> datetime:
        try:
            return EPOCH + timedelta(0, 0, ticks * times // divided_by)
        except OverflowError:
            raise Unfit(f"{name} {ticks} is no moment") from None

    return moment


def _texts(name: str) -> Convert:
    def text(raw: bytes) -> str:
        try:
            return raw.decode()
        except UnicodeDecodeError:
            raise Unfit(f"{name} is no text in UTF-8") from None

    return text


def _ints(name: str) -> Convert:
    def number(value: int) -> int:
        if value not in INT:
            raise Unfit(f"{name} {value} is beyond an int")
        return value

    return number


READ_AS: Mapping[str, type] = {
    "null": type(None), "boolean": bool, "int": int, "long": int, "enum": int, "float": float, "double": float,
    "bytes": bytes, "fixed": bytes, "string": str, "array": list, "map": dict, "record": dict, "error": dict,
}  # fmt: skip
"""What an Avro library makes of each type, where enums are read as their indexes."""


def _kind(schema: Any) -> str:
    kind = schema["type"] if isinstance(schema, dict) else schema
    return _kind(kind) if isinstance(kind, dict) else str(kind)


def _branches(schema: Any, named: Mapping[str, Any]) -> list[Any]:
    """The types of a union, or the only one, in full."""
    if isinstance(schema, dict) and isinstance(schema["type"], dict | list):
        return _branches(schema["type"], named)
    if isinstance(schema, list):
        return [each for branch in schema for each in _branches(branch, named)]
    return [named.get(schema, schema) if isinstance(schema, str) else schema]


def _named(schema: Any) -> dict[str, Any]:
    """The types that a schema defines, by their full names."""
    if isinstance(schema, list):
        return {name: each for branch in schema for name, each in _named(branch).items()}
    if not isinstance(schema, dict):
        return {}
    inner = [schema.get(part) for part in ("type", "items", "values")]
    inner += [each["type"] for each in schema.get("fields", ())]
    found = {name: each for part in inner for name, each in _named(part).items()}
    return found | ({schema["name"]: schema} if "name" in schema else {})


def _raw(schema: Any, named: Mapping[str, Any]) -> Any:
    """The same schema with enums as ints, and without logical types: what is on the wire, to the byte."""
    if isinstance(schema, list):
        return [_raw(branch, named) for branch in schema]
    if isinstance(schema, str):
        return "int" if schema in named and _kind(named[schema]) == "enum" else schema
    if schema["type"] == "enum":
        return "int"
    if isinstance(schema["type"], dict | list):
        return _raw(schema["type"], named)
    raw = {key: schema[key] for key in ("type", "name", "size") if key in schema}
    for part in ("items", "values"):
        if part in schema:
            raw[part] = _raw(schema[part], named)
    if "fields" in schema:
        raw["fields"] = [{"name": each["name"], "type": _raw(each["type"], named)} for each in schema["fields"]]
    return raw


def _unqualified(name: str) -> str:
    return name.rpartition(".")[2]


def _in_words(schema: Any) -> str:
    if isinstance(schema, list):
        return "a union"
    kind = _kind(schema)
    details = schema if isinstance(schema, dict) else {}
    word = f"{kind} {_unqualified(details['name'])}" if "name" in details else details.get("logicalType") or kind
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"
