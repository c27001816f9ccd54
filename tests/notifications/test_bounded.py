"""However many notifications there are, and customers: what is old goes, and only who is asked for is looked up."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from accounts.roles import Role
from notifications.delivery import overdue
from notifications.messages import Kind
from notifications.models import Notification
from notifications.services import _customer_emails
from notifications.tasks import forget_old_notifications
from tests.conftest import AccountOf, ClientAs

pytestmark = pytest.mark.django_db


def test_what_is_older_than_the_settings_say_is_forgotten_read_or_not() -> None:
    now, kept = timezone.now(), settings.NOTIFICATIONS_KEPT
    ages = {"old": kept + timedelta(minutes=1), "old-read": 2 * kept, "young": kept - timedelta(hours=1)}
    for name, age in ages.items():
        Notification.objects.create(recipient="customer:7", kind=Kind.ORDER_PAID, order_id=name, text="Paid.")
        Notification.objects.filter(order_id=name).update(created_at=now - age)
    Notification.objects.filter(order_id="old-read").update(read_at=now)
    assert forget_old_notifications() == 2
    assert list(Notification.objects.values_list("order_id", flat=True)) == ["young"]
    assert forget_old_notifications() == 0


def test_of_customers_only_those_who_are_asked_for_are_looked_up(
    account: AccountOf, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for user_id in range(20, 23):
        account(Role.CUSTOMER, user_id)
        User.objects.filter(customer__user_id=user_id).update(email=f"{user_id}@shop.example")
    User.objects.filter(customer__user_id=22).update(is_active=False)
    with django_assert_num_queries(2):
        assert _customer_emails({20, 22, *range(1000, 2300)}) == {20: "20@shop.example"}


def test_emails_that_wait_are_counted_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notifications.delivery.COUNTED_UP_TO", 3)
    now = timezone.now()
    for number in range(5):
        Notification.objects.create(
            recipient=f"customer:{number}",
            kind=Kind.ORDER_PAID,
            text="Paid.",
            email_due_at=now + timedelta(seconds=number - 9),
        )
    oldest = Notification.objects.order_by("pk").first()
    assert oldest is not None
    found = overdue()
    assert (found.count, found.since) == (3, oldest.created_at)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["e", "d", "c", "b", "a"]),
        ("unread=true", ["e", "c", "a"]),
        ("unread=false", ["d", "b"]),
        ("kind=ORDER_PAID", ["d", "c", "b"]),
        ("kind=ORDER_PAID&unread=true", ["c"]),
        ("kind=ORDER_PAID&unread=false", ["d", "b"]),
    ],
)
def test_ones_own_are_listed_the_newest_first(client_as: ClientAs, query: str, found: list[str]) -> None:
    customer: APIClient = client_as(Role.CUSTOMER, 7)
    for number, name in enumerate("abcde"):
        kind = Kind.ORDER_PAID if name in "bcd" else Kind.ORDER_CREATED
        read_at = timezone.now() if number % 2 else None
        for recipient in ("customer:7", "customer:8"):
            Notification.objects.create(recipient=recipient, kind=kind, order_id=name, text="…", read_at=read_at)
    pages = [customer.get(f"/notifications?limit=2&{query}").json()]
    while pages[-1]["next"]:
        pages.append(customer.get(pages[-1]["next"]).json())
    assert [row["order_id"] for page in pages for row in page["results"]] == found
