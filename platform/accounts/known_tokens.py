"""Tokens that were looked up a moment ago, so that not every request asks the database (docs/decisions/0047).

What ends a token or changes its rights - it is deleted, its account gets another password, is disabled, changes roles -
is seen by Django's signals, and forgets all that is kept, in every process of this server at once. What is done
elsewhere, on another machine or in SQL, is seen after settings.TOKENS_KEPT_SECONDS.
"""

from dataclasses import dataclass
from hashlib import sha256
from threading import Lock
from time import monotonic
from typing import Any

from cachetools import LRUCache
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.utils import timezone
from knox.models import AuthToken

from accounts import revocation
from api.models import Customer

MOST = 10_000
"""tokens kept by a process; of more, those that were used last"""
CHANGES_NOTHING = frozenset({"last_login"})


@dataclass(frozen=True, slots=True)
class _Entry:
    token: AuthToken
    """with its account, as authentication found them"""
    kept_until: float
    as_of: bytes
    """the last revocation before it was looked up"""

    @property
    def holds(self) -> bool:
        expiry = self.token.expiry
        is_fresh = monotonic() < self.kept_until and self.as_of == revocation.last()
        return is_fresh and (expiry is None or timezone.now() < expiry)


_entries: LRUCache[bytes, _Entry] = LRUCache(MOST)
_lock = Lock()


def find(token: bytes) -> AuthToken | None:
    """The token as it was looked up, or None if that has to be done."""
    with _lock:
        entry = _entries.get(_key(token))
    return entry.token if entry is not None and entry.holds else None


def keep(token: bytes, found: AuthToken, as_of: bytes) -> None:
    """Keep what was looked up; as_of: `revocation.last()` before the look."""
    entry = _Entry(found, monotonic() + settings.TOKENS_KEPT_SECONDS, as_of)
    with _lock:
        _entries[_key(token)] = entry


def _key(token: bytes) -> bytes:
    return sha256(token).digest()  # so that no dump of memory holds tokens that are valid


def _revoke(sender: Any, **about: Any) -> None:
    # What is new has been looked up by nobody, but for whom an account belongs to: that is looked up with the account.
    is_new = about.get("created") and sender is not Customer
    if is_new or CHANGES_NOTHING.issuperset(about.get("update_fields") or ("everything",)):
        return
    revocation.mark()  # for what this process reads in the rest of its transaction
    transaction.on_commit(revocation.mark)


def watch() -> None:
    """From now on, see what ends tokens."""
    for model in (User, AuthToken, Group, Customer):
        post_delete.connect(_revoke, model, dispatch_uid="accounts.known_tokens")
        post_save.connect(_revoke, model, dispatch_uid="accounts.known_tokens")
    m2m_changed.connect(_revoke, User.groups.through, dispatch_uid="accounts.known_tokens")
