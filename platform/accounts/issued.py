"""The tokens of an account: those that hold, one more, and their end."""

from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from knox.models import AuthToken

from accounts.authentication import make_token, mark_of
from accounts.models import TokenDetails


class TooManyTokens(Exception):
    """The account has as many as it may have."""


def tokens_of(account: User) -> QuerySet[TokenDetails]:
    """Those that hold, the oldest first: neither expired nor ended by another password."""
    unexpired = Q(token__expiry=None) | Q(token__expiry__gt=timezone.now())
    held = TokenDetails.objects.filter(unexpired, token__user=account, token__token_key__startswith=mark_of(account))
    return held.select_related("token").order_by("pk")


@transaction.atomic
def issue(*, account: User, name: str, may_write: bool, expires_at: datetime | None) -> tuple[TokenDetails, str]:
    """What is kept of a new token, and the token itself; raises TooManyTokens. expires_at: None: as late as may be."""
    User.objects.select_for_update().get(pk=account.pk)  # of two at once, the second counts the first one's
    if tokens_of(account).count() >= settings.TOKENS_PER_ACCOUNT:
        raise TooManyTokens
    kept, token = make_token(account, name=name, may_write=may_write)
    if expires_at is not None:
        AuthToken.objects.filter(pk=kept.pk).update(expiry=expires_at)
        kept.expiry = expires_at
    return kept.details, token


@transaction.atomic
def change(*, details: TokenDetails, name: str | None, expires_at: datetime | None) -> TokenDetails:
    """Call a token otherwise, or let it end sooner; None: as it is."""
    if name is not None:
        details.name = name
        details.save(update_fields=["name"])
    if expires_at is not None:
        details.token.expiry = expires_at
        details.token.save(update_fields=["expiry"])  # which every process of the server hears: known_tokens.py
    return details


def revoke_all(account: User) -> int:
    """End every token of an account; returns how many rows there were."""
    _, by_model = AuthToken.objects.filter(user=account).delete()
    return int(by_model.get(AuthToken._meta.label, 0))
