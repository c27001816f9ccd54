"""What one server's turn comes to. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Measured:
    """One kind of request in one turn. per_second: of what the kind counts. Processor times are of a request."""

    per_second: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    requests: int
    server_cpu_ms: float
    database_cpu_ms: float


@dataclass(frozen=True, slots=True)
class Turn:
    server: str
    memory_mb: float
    ready_seconds: float
    kinds: dict[str, Measured]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Turn":
        kinds = {name: Measured(**each) for name, each in told["kinds"].items()}
        return cls(told["server"], told["memory_mb"], told["ready_seconds"], kinds)
