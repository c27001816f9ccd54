from typing import Any

from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed


class BearerToken(TokenAuthentication):
    """`Authorization: Bearer <token>`."""

    def authenticate_credentials(self, token: bytes) -> Any:
        # Knox decodes tokens without a look at them; every one it makes is ASCII.
        if not token.isascii():
            raise AuthenticationFailed
        return super().authenticate_credentials(token)
