"""What operators see of e-mails that do not reach whom they are for."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from monitoring.checks import Check as CheckOf
from monitoring.checks import ask_all
from monitoring.management.commands.run_monitor import SOURCES
from monitoring.stored_checks import mail
from native.driving.scraping import Scrape
from notifications.delivery import LATE, figures
from notifications.messages import Kind
from notifications.models import Notification, RefusedAddress
from notifications.services import send_waiting_emails
from tests.notifications.smtp import mail_server

pytestmark = pytest.mark.django_db(transaction=True)


class Figures(Collector):
    def collect(self) -> Iterator[Metric]:
        return figures()


def served() -> Scrape:
    registry = CollectorRegistry()
    registry.register(Figures())
    return Scrape(generate_latest(registry).decode())


def why() -> str:
    [part] = ask_all([CheckOf("mail", False, mail)], timeout=10)
    return part.why


def wait(email: str, **more: Any) -> None:
    recipient = "account:7" if email.startswith("desk") else "customer:7"
    row = {"recipient": recipient, "kind": Kind.ORDER_PAID, "order_id": email, "email": email, "text": "x"}
    Notification.objects.create(**row | {"email_due_at": timezone.now()} | more)


def test_all_is_well_where_nothing_waits_for_long() -> None:
    wait("gathered@shop.example", email_due_at=timezone.now() + timedelta(minutes=5))
    assert why() == ""
    told = served()
    assert told.value("platform_email_overdue_messages") == 0
    assert told.value("platform_email_oldest_overdue_seconds") == 0


def test_mail_that_is_late_is_told(settings: Any) -> None:
    settings.EMAIL_TIMEOUT = 0.2
    wait("fine@shop.example")
    with mail_server(settings, silent=True):
        send_waiting_emails()
    assert why() == ""
    Notification.objects.update(created_at=timezone.now() - LATE)
    assert "1 e-mails have waited, the first since 20" in why()
    assert served().value("platform_email_overdue_messages") == 1
    assert served().value("platform_email_oldest_overdue_seconds") >= LATE.total_seconds()


def test_addresses_that_were_refused_are_told_and_counted(settings: Any) -> None:
    for email in ("bounce@shop.example", "desk-bounce@shop.example", "fine@shop.example"):
        wait(email)
    with mail_server(settings) as server:
        server.answers["desk-bounce"] = b"550 5.1.1 user unknown"
        send_waiting_emails()
    assert why().startswith("2 addresses have refused their e-mails within the last hour, 1 of them of investigators")
    told = served()
    assert told.value("platform_email_refused_addresses", of="staff") == 1
    assert told.value("platform_email_refused_addresses", of="customers") == 1
    RefusedAddress.objects.update(at=timezone.now() - timedelta(hours=2))
    assert why() == ""


def test_who_deletes_a_refused_address_lets_it_be_tried_again(admin_client: Client, settings: Any) -> None:
    wait("bounce@shop.example")
    with mail_server(settings) as server:
        send_waiting_emails()
        page = admin_client.get(reverse("admin:notifications_refusedaddress_changelist"))
        assert "550 5.1.1 user unknown" in page.content.decode()
        admin_client.post(
            reverse("admin:notifications_refusedaddress_delete", args=["bounce@shop.example"]), {"post": "yes"}
        )
        server.answers.clear()
        wait("bounce@shop.example", order_id="another")
        assert send_waiting_emails() == 1


def test_run_monitor_serves_it() -> None:
    assert figures in SOURCES
