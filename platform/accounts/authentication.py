"""Tokens, which end with the password under which they were made, as Django's sessions do."""

from copy import copy
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from knox.auth import TokenAuthentication
from knox.crypto import hash_token
from knox.models import AuthToken
from knox.settings import CONSTANTS
from rest_framework.exceptions import AuthenticationFailed

from accounts import known_tokens, last_use, revocation
from accounts.models import TokenDetails
from accounts.roles import keep_rights

MARK = CONSTANTS.MAXIMUM_TOKEN_PREFIX_LENGTH


class BearerToken(TokenAuthentication):
    """`Authorization: Bearer <token>`."""

    def authenticate_credentials(self, token: bytes) -> Any:
        # Knox decodes tokens without a look at them; every one it makes is ASCII.
        if not token.isascii():
            raise AuthenticationFailed
        found = known_tokens.find(token)
        if found is None:
            as_of = revocation.last()
            _, found = self._look_up(token.decode())
            keep_rights(found.user)
            known_tokens.keep(token, found, as_of)
        if (details_id := vars(found)["details_id"]) is not None:
            last_use.note(details_id)
        # Copies: whatever one request does to its account or token is no other's.
        return copy(found.user), copy(found)

    def _look_up(self, token: str) -> Any:
        """As knox does it, but with the token's details, and without a look at all other tokens of the account."""
        digest = hash_token(token)
        rows = AuthToken.objects.filter(token_key=token[: CONSTANTS.TOKEN_KEY_LENGTH])
        for row in rows.select_related("user", "details"):
            is_over = row.expiry is not None and row.expiry <= timezone.now()
            if not is_over and constant_time_compare(row.digest, digest):
                return self.validate_user(row)
        raise AuthenticationFailed("This token is unknown, expired or revoked: make a new one.")

    def validate_user(self, auth_token: AuthToken) -> Any:
        if not constant_time_compare(auth_token.token_key[:MARK], mark_of(auth_token.user)):
            raise AuthenticationFailed("This token ended when the password of its account was changed: make a new one.")
        details = getattr(auth_token, "details", None)  # none: made by what knows of none
        # Only what never changes: an account may rename its token while this is kept.
        vars(auth_token).update(
            may_write=details is None or details.may_write, details_id=details.pk if details else None
        )
        return super().validate_user(auth_token)


@transaction.atomic
def make_token(account: User, *, name: str = "", may_write: bool = True) -> tuple[AuthToken, str]:
    """What is kept of a new token, and the token itself."""
    kept, token = AuthToken.objects.create(user=account, prefix=mark_of(account))
    TokenDetails.objects.create(token=kept, name=name, may_write=may_write)
    return kept, token


def mark_of(account: User) -> str:
    """The first characters of every token made under the present password; they give nothing of it away."""
    return account.get_session_auth_hash()[:MARK]
