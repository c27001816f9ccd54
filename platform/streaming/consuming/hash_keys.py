"""The key of this installation's hashes of events."""

from secrets import token_bytes

from streaming.consuming.identity_hashes import IdentityHashes
from streaming.models import HashKey


def identity_hashes() -> IdentityHashes:
    """By the key that stands in the database; the first process that asks makes it."""
    row, _ = HashKey.objects.get_or_create(pk=HashKey.ONLY, defaults={"key": token_bytes(HashKey.BYTES)})
    return IdentityHashes(bytes(row.key))
