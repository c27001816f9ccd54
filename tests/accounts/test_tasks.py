from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.utils import timezone
from knox.models import AuthToken

from accounts.authentication import make_token
from accounts.tasks import forget_expired_logins

pytestmark = pytest.mark.django_db


def test_sessions_and_tokens_that_have_expired_are_forgotten_and_no_others() -> None:
    soon, past = timezone.now() + timedelta(minutes=1), timezone.now() - timedelta(minutes=1)
    account = User.objects.create_user("amelia")
    valid, _ = make_token(account)
    expired, _ = make_token(account)
    endless, _ = make_token(account)
    AuthToken.objects.filter(pk=expired.pk).update(expiry=past)
    AuthToken.objects.filter(pk=endless.pk).update(expiry=None)
    for key, moment in (("here", soon), ("gone", past)):
        Session.objects.create(session_key=key, session_data="", expire_date=moment)
    assert forget_expired_logins() == 2
    assert {token.pk for token in AuthToken.objects.all()} == {valid.pk, endless.pk}
    assert Session.objects.get().session_key == "here"
