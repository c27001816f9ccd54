from django.urls import path

from accounts import tokens

urlpatterns = [
    path("tokens", tokens.Tokens.as_view(), name="tokens"),
    path("tokens/current", tokens.CurrentToken.as_view(), name="current-token"),
    path("tokens/<int:token_id>", tokens.OneToken.as_view(), name="token"),
]
