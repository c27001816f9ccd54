"""Which schemas of others can be read at all: those whose records take no more work than their bytes are worth. Pure.

A forged count of items that take no bytes, or a record inside itself, would keep a reader busy for ever, or overflow
the stack of the process.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_PARTS = 20_000
"""types met while one record is read; a change of a row with a thousand columns has four thousand"""
MOST_PARTS_A_BYTE = 100
"""in the items of arrays and maps, whose number the data says"""
MOST_NESTED = 50

BYTES = {"null": 0, "boolean": 1, "int": 1, "long": 1, "float": 4, "double": 8, "bytes": 1, "string": 1, "enum": 1}
"""the least that a value of each type takes"""


class UnboundedSchema(ValueError):
    """Records of this schema are not read; says why."""


@dataclass(frozen=True, slots=True)
class _Cost:
    parts: int
    least_bytes: int


def check_bounded(schema: Any) -> None:
    """Return if records of a schema can be read in bounded time; raises UnboundedSchema.

    schema: as fastavro's parse_schema returns it, with full names.
    """
    _Walk().cost(schema)


@dataclass
class _Walk:
    known: dict[str, _Cost] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    depth: int = 0

    def cost(self, schema: Any) -> _Cost:
        self.depth += 1
        if self.depth > MOST_NESTED:
            raise UnboundedSchema(f"it is nested more than {MOST_NESTED} deep")
        found = self._cost(schema)
        self.depth -= 1
        if found.parts > MOST_PARTS:
            raise UnboundedSchema(f"reading one record takes more than {MOST_PARTS} steps")
        return found

    def _cost(self, schema: Any) -> _Cost:
        if isinstance(schema, list):
            branches = [self.cost(branch) for branch in schema]
            parts, least = (pick(branches) for pick in (_most_parts, _least_bytes))
            return _Cost(1 + parts, 1 + least)
        kind = schema["type"] if isinstance(schema, dict) else schema
        if isinstance(kind, dict | list):
            return self.cost(kind)
        if kind in BYTES:
            return _Cost(1, BYTES[kind])
        by_kind: Mapping[str, Callable[[Any], _Cost]] = {
            "record": self._record,
            "error": self._record,
            "fixed": self._fixed,
            "array": self._items,
            "map": self._items,
        }
        return by_kind[kind](schema) if kind in by_kind else self._named(kind)

    def _named(self, name: str) -> _Cost:
        if name in self.open:
            raise UnboundedSchema(f"a {name} may hold another one")
        return self.known[name]

    def _record(self, schema: Any) -> _Cost:
        self.open.append(schema["name"])
        fields = [self.cost(each["type"]) for each in schema["fields"]]
        self.open.pop()
        cost = _Cost(1 + sum(each.parts for each in fields), sum(each.least_bytes for each in fields))
        self.known[schema["name"]] = cost
        return cost

    def _fixed(self, schema: Any) -> _Cost:
        self.known[schema["name"]] = _Cost(1, schema["size"])
        return self.known[schema["name"]]

    def _items(self, schema: Any) -> _Cost:
        item = self.cost(schema["items"] if schema["type"] == "array" else schema["values"])
        key_bytes = 0 if schema["type"] == "array" else 1
        least = item.least_bytes + key_bytes
        if least == 0:
            raise UnboundedSchema("it has a list whose items take no bytes, so any number of them")
        if item.parts > least * MOST_PARTS_A_BYTE:
            raise UnboundedSchema(f"it has a list whose items take more than {MOST_PARTS_A_BYTE} steps for each byte")
        return _Cost(1 + item.parts, 1)


def _most_parts(costs: list[_Cost]) -> int:
    return max((each.parts for each in costs), default=0)


def _least_bytes(costs: list[_Cost]) -> int:
    return min((each.least_bytes for each in costs), default=0)
