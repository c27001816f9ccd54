from typing import Any, cast

from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from drf_spectacular.utils import extend_schema
from knox.models import AuthToken
from rest_framework import serializers
from rest_framework.authentication import BasicAuthentication, SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import BearerToken, make_token
from api.endpoints import Endpoint
from api.rates import Kind
from api.serializers import StrictSerializer


class Basic(BasicAuthentication):
    """HTTP Basic, for the one endpoint that makes tokens."""

    www_authenticate_realm = "tokens"

    def authenticate_credentials(self, userid: str, password: str, request: Request | None = None) -> Any:
        # Django's own request: on it, django-axes notes for its middleware one guess too many.
        asked = cast(Any, request)._request
        found = super().authenticate_credentials(userid, password, asked)
        user_logged_in.send(User, request=asked, user=found[0])
        return found


class Nothing(StrictSerializer):
    pass


class TokenSerializer(serializers.Serializer[AuthToken]):
    token = serializers.CharField(help_text="shown this once; only its hash is kept")
    expires_at = serializers.DateTimeField()


class Tokens(Endpoint):
    authentication_classes = (Basic, SessionAuthentication)
    counted_as = Kind.LOGINS

    @extend_schema(
        summary="Make a token", request=None, responses={201: TokenSerializer}, operation_id="auth_tokens_create"
    )
    def post(self, request: Request) -> Response:
        """Takes a name and a password by HTTP Basic, or the session of somebody logged in, and no body."""
        Nothing(data=request.data or {}).is_valid(raise_exception=True)
        kept, token = make_token(cast(User, request.user))
        answer = TokenSerializer({"token": token, "expires_at": kept.expiry})
        return Response(answer.data, status=201, headers={"Cache-Control": "no-store"})


class CurrentToken(Endpoint):
    authentication_classes = (BearerToken,)

    @extend_schema(summary="Revoke the token that this request brings", responses={204: None})
    def delete(self, request: Request) -> Response:
        request.auth.delete()
        return Response(status=204)
