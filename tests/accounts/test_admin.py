from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import get_resolver, reverse

from accounts.roles import Role
from api.models import Customer

assert get_resolver().url_patterns  # with them come the admin's pages
PAGES = [
    reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}")
    for model in admin.site._registry
    for page in ("changelist", "add")
]


@pytest.fixture
def superusers(admin_client: Client) -> Client:
    return admin_client


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_for_a_superuser_or_is_refused(superusers: Client, page: str) -> None:
    read_only = page.endswith("/add/") and any(
        name in page
        for name in ("transaction/", "fraudalert/", "authtoken/", "accessattempt/", "refusedaddress/", "auditline/")
    )
    assert superusers.get(page).status_code == (403 if read_only else 200)


def test_a_superuser_makes_a_customers_account(superusers: Client) -> None:
    account = User.objects.create_user("carol")
    form: dict[str, Any] = {
        "username": "carol",
        "is_active": "on",
        "groups": Group.objects.get(name=Role.CUSTOMER).pk,
        "date_joined_0": "2026-03-01",
        "date_joined_1": "12:00:00",
        "customer-TOTAL_FORMS": 1,
        "customer-INITIAL_FORMS": 0,
        "customer-0-user_id": 42,
    }
    superusers.post(reverse("admin:auth_user_change", args=[account.pk]), form)
    assert Customer.objects.get(account=account).user_id == 42
    assert [group.name for group in account.groups.all()] == [Role.CUSTOMER]
