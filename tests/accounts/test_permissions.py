import pytest
from django.contrib.auth.models import AnonymousUser, Group, User

from accounts.permissions import restricted_to
from accounts.roles import Role, roles_of
from api.models import Customer
from api.problems import Problem
from tests.conftest import AccountOf


def test_every_role_has_its_group(db: None) -> None:
    assert set(Group.objects.values_list("name", flat=True)) == set(Role)


def test_other_groups_are_no_roles(account: AccountOf) -> None:
    shop = account(Role.SHOP)
    shop.groups.add(Group.objects.create(name="football"))
    assert roles_of(shop) == {Role.SHOP}
    assert roles_of(AnonymousUser()) == set()


def test_a_customer_is_restricted_to_the_user_whom_the_account_belongs_to(account: AccountOf) -> None:
    assert restricted_to(account(Role.CUSTOMER, user_id=7), unless=[Role.SHOP]) == 7
    assert restricted_to(account(Role.CUSTOMER, user_id=0), unless=[Role.SHOP]) == 0


def test_who_has_a_role_that_sees_everything_is_not_restricted(account: AccountOf, db: None) -> None:
    both = account(Role.CUSTOMER, user_id=7)
    both.groups.add(Group.objects.get(name=Role.SHOP))
    assert restricted_to(both, unless=[Role.SHOP]) is None
    root = User.objects.create_superuser("root")
    Customer.objects.create(account=root, user_id=8)
    assert restricted_to(root, unless=[Role.SHOP]) is None


def test_an_account_without_a_user_sees_nothing(account: AccountOf) -> None:
    with pytest.raises(Problem):
        restricted_to(account(Role.CUSTOMER), unless=[Role.SHOP])
