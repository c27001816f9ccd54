"""What a token may do of what its account may. Pure."""

from collections.abc import Collection
from enum import StrEnum


class Scope(StrEnum):
    READ = "read"
    WRITE = "write"


def scopes_of(*, may_write: bool) -> list[Scope]:
    return [Scope.READ, Scope.WRITE] if may_write else [Scope.READ]


def may_write(scopes: Collection[Scope]) -> bool:
    """Whether these let a token write; raises ValueError if they do not let it read: answers tell what was written."""
    if Scope.READ not in scopes:
        raise ValueError('Give ["read"] or ["read", "write"].')
    return Scope.WRITE in scopes
