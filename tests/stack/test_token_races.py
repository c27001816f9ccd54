"""Tokens on MySQL: of two that are made at once, the second counts the first one."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from knox.models import AuthToken

from accounts import issued, last_use
from accounts.models import TokenDetails
from accounts.tasks import forget_expired_logins
from tests.stack.meeting import at_once, reads

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_at_once_make_no_more_tokens_than_an_account_may_have(settings: Any) -> None:
    settings.TOKENS_PER_ACCOUNT = 1
    ada = User.objects.create_user("ada")
    issue = partial(issued.issue, account=ada, name="", may_write=True, expires_at=None)
    made = at_once([issue, issue], reads(TokenDetails))
    assert [type(each) for each in made if isinstance(each, Exception)] == [issued.TooManyTokens]
    assert issued.tokens_of(ada).count() == 1


def test_uses_are_written_down_and_details_go_with_their_token() -> None:
    last_use.write_down()  # of tokens that other tests used
    ada = User.objects.create_user("ada")
    details, _ = issued.issue(account=ada, name="export", may_write=False, expires_at=None)
    last_use.note(details.pk)
    assert last_use.write_down() == 1
    details.refresh_from_db()
    assert details.last_used_at is not None
    AuthToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert forget_expired_logins() == 1
    assert not TokenDetails.objects.exists()
