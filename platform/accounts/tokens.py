from datetime import datetime
from typing import Any, cast

from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_field
from knox.settings import knox_settings
from rest_framework import serializers
from rest_framework.authentication import BasicAuthentication, SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import issued
from accounts.authentication import BearerToken
from accounts.models import TokenDetails
from accounts.scopes import Scope, may_write, scopes_of
from api.endpoints import Endpoint
from api.fields import Choice, Moment, Text
from api.problems import Problem, ProblemType
from api.rates import Kind
from api.serializers import StrictSerializer

NOT_KEPT = {"Cache-Control": "no-store"}
A_TOKEN = {
    "id": 17,
    "name": "nightly export",
    "scopes": ["read"],
    "created_at": "2026-11-27T16:00:00Z",
    "expires_at": "2026-12-27T16:00:00Z",
    "last_used_at": None,
}


class Basic(BasicAuthentication):
    """HTTP Basic, for the one operation that makes tokens."""

    www_authenticate_realm = "tokens"

    def authenticate_credentials(self, userid: str, password: str, request: Request | None = None) -> Any:
        # Django's own request: on it, django-axes notes for its middleware one guess too many.
        asked = cast(Any, request)._request
        found = super().authenticate_credentials(userid, password, asked)
        user_logged_in.send(User, request=asked, user=found[0])
        return found


class TokenChange(StrictSerializer):
    name = Text(required=False, max_length=100, allow_blank=True, help_text="what you call it")
    expires_at = Moment(required=False, help_text="when it ends, sooner than it would")

    def validate_expires_at(self, value: datetime) -> datetime:
        latest = self.context.get("latest") or timezone.now() + knox_settings.TOKEN_TTL
        if not timezone.now() < value <= latest:
            raise serializers.ValidationError(f"Give a moment from now to {latest:%Y-%m-%dT%H:%M:%SZ}.")
        return value


@extend_schema_field(
    {
        "type": "array",
        "items": {"type": "string", "enum": list(Scope)},
        "contains": {"const": Scope.READ},  # answers tell what was written
        "maxItems": len(Scope),
        "description": "what it may do; left out: both",
    }
)
class Scopes(serializers.ListField):
    pass


class NewToken(TokenChange):
    scopes = Scopes(child=Choice(Scope), required=False, max_length=len(Scope))

    def validate_scopes(self, value: list[Scope]) -> list[Scope]:
        try:
            may_write(value)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error
        return value


class KnownToken(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField(allow_blank=True)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=list(Scope)))
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True, help_text="null: never")
    last_used_at = serializers.DateTimeField(
        allow_null=True, help_text="to the minute, and a minute late at the most; null: never yet"
    )


class ListedToken(KnownToken):
    is_current = serializers.BooleanField(help_text="whether this request brings it")


class ListedTokens(serializers.Serializer[Any]):
    results = ListedToken(many=True)


class MadeToken(KnownToken):
    token = serializers.CharField(help_text="shown this once; only its hash is kept")


class TokensOfAccount(Endpoint):
    authentication_classes = (BearerToken, SessionAuthentication)

    def listed(self, details: TokenDetails) -> dict[str, Any]:
        current = getattr(self.request.auth, "details_id", None)
        return _known(details) | {"is_current": details.pk == current}

    def found(self, token_id: int) -> TokenDetails:
        """The account's own token of this id; raises a problem (404)."""
        details = issued.tokens_of(cast(User, self.request.user)).filter(pk=token_id).first()
        if details is None:
            raise Problem(ProblemType.NOT_FOUND, f"This account has no token with the id {token_id} that still holds.")
        return details


class Tokens(TokensOfAccount):
    counted_as = Kind.LOGINS

    def get_authenticators(self) -> list[Any]:
        # A token makes no other one: it would give itself rights and time that it has not.
        makes = self.request is not None and self.request.method == "POST"
        return [Basic(), SessionAuthentication()] if makes else super().get_authenticators()

    @extend_schema(
        summary="List one's tokens",
        responses=ListedTokens,
        operation_id="auth_tokens_list",
        examples=[OpenApiExample("one", {"results": [A_TOKEN | {"is_current": True}]}, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        """Those of one's account that hold, the oldest first."""
        return Response({"results": [self.listed(each) for each in issued.tokens_of(cast(User, request.user))]})

    @extend_schema(
        summary="Make a token",
        request=NewToken,
        responses={201: MadeToken, 409: OpenApiResponse(description="The account has as many as it may have.")},
        operation_id="auth_tokens_create",
        examples=[
            OpenApiExample("one that may only read", {"name": "nightly export", "scopes": ["read"]}, request_only=True),
            OpenApiExample("made", A_TOKEN | {"token": "6f1c…"}, response_only=True, status_codes=["201"]),
        ],
    )
    def post(self, request: Request) -> Response:
        """Takes a name and a password by HTTP Basic, or the session of somebody logged in. The body may be left out."""
        wanted = NewToken(data=request.data)
        wanted.is_valid(raise_exception=True)
        asked = wanted.validated_data
        try:
            details, token = issued.issue(
                account=cast(User, request.user),
                name=asked.get("name", ""),
                may_write=may_write(asked.get("scopes", list(Scope))),
                expires_at=asked.get("expires_at"),
            )
        except issued.TooManyTokens as error:
            sentence = "This account has as many tokens as it may have: revoke one, or wait until one expires."
            raise Problem(ProblemType.CONFLICT, sentence) from error
        return Response(MadeToken(_known(details) | {"token": token}).data, status=201, headers=NOT_KEPT)

    @extend_schema(summary="Revoke all of one's tokens", responses={204: None}, operation_id="auth_tokens_destroy_all")
    def delete(self, request: Request) -> Response:
        """Also the one that this request brings. They end at once."""
        issued.revoke_all(cast(User, request.user))
        return Response(status=204)


class OneToken(TokensOfAccount):
    @extend_schema(
        summary="Rename a token, or let it end sooner",
        request=TokenChange,
        responses=ListedToken,
        operation_id="auth_tokens_change",
        examples=[
            OpenApiExample("a name", {"name": "nightly export"}, request_only=True),
            OpenApiExample("the token", A_TOKEN | {"is_current": False}, response_only=True),
        ],
    )
    def patch(self, request: Request, token_id: int) -> Response:
        details = self.found(token_id)
        wanted = TokenChange(data=request.data, context={"latest": details.token.expiry})
        wanted.is_valid(raise_exception=True)
        asked = wanted.validated_data
        issued.change(details=details, name=asked.get("name"), expires_at=asked.get("expires_at"))
        return Response(self.listed(details))

    @extend_schema(summary="Revoke a token", responses={204: None}, operation_id="auth_tokens_destroy")
    def delete(self, request: Request, token_id: int) -> Response:
        """It ends at once."""
        self.found(token_id).token.delete()
        return Response(status=204)


class CurrentToken(Endpoint):
    authentication_classes = (BearerToken,)
    changes = False  # one that may only read may end itself, too

    @extend_schema(summary="Revoke the token that this request brings", responses={204: None})
    def delete(self, request: Request) -> Response:
        request.auth.delete()
        return Response(status=204)


def _known(details: TokenDetails) -> dict[str, Any]:
    return {
        "id": details.pk,
        "name": details.name,
        "scopes": scopes_of(may_write=details.may_write),
        "created_at": details.token.created,
        "expires_at": details.token.expiry,
        "last_used_at": details.last_used_at,
    }
