from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, User
from rest_framework.test import APIClient

from api.models import Customer
from api.roles import Role

AccountOf = Callable[..., User]
ClientAs = Callable[..., APIClient]


@pytest.fixture
def account(db: None) -> AccountOf:
    """Makes an account of a role; a customer's belongs to the shop's user `user_id`."""

    def make(role: Role, user_id: int | None = None) -> User:
        user = User.objects.create_user(f"{role}-{User.objects.count()}", is_staff=role == Role.INVESTIGATOR)
        user.groups.add(Group.objects.get(name=role))
        if user_id is not None:
            Customer.objects.create(account=user, user_id=user_id)
        return user

    return make


@pytest.fixture
def client_as(account: AccountOf) -> ClientAs:
    """Makes a client of the API that is logged in as a new account of a role; it gets 500s as answers."""

    def make(role: Role, user_id: int | None = None) -> APIClient:
        client = APIClient(raise_request_exception=False)
        client.force_authenticate(account(role, user_id))
        return client

    return make
