"""Tokens, which end with the password under which they were made, as Django's sessions do."""

from copy import copy
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from knox.auth import TokenAuthentication
from knox.models import AuthToken
from knox.settings import CONSTANTS
from rest_framework.exceptions import AuthenticationFailed

from accounts import known_tokens, revocation
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
            _, found = super().authenticate_credentials(token)
            keep_rights(found.user)
            known_tokens.keep(token, found, as_of)
        # Copies: whatever one request does to its account or token is no other's.
        return copy(found.user), copy(found)

    def _cleanup_token(self, auth_token: AuthToken) -> bool:
        # Knox reads all of the account's tokens here, to delete those that have expired: a task does so instead.
        return auth_token.expiry is not None and auth_token.expiry <= timezone.now()

    def validate_user(self, auth_token: AuthToken) -> Any:
        if not constant_time_compare(auth_token.token_key[:MARK], mark_of(auth_token.user)):
            raise AuthenticationFailed("This token ended when the password of its account was changed: make a new one.")
        return super().validate_user(auth_token)


def make_token(account: User) -> tuple[AuthToken, str]:
    """What is kept of a new token, and the token itself."""
    kept, token = AuthToken.objects.create(user=account, prefix=mark_of(account))
    return kept, token


def mark_of(account: User) -> str:
    """The first characters of every token made under the present password; they give nothing of it away."""
    return account.get_session_auth_hash()[:MARK]
