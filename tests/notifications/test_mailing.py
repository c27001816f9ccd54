"""E-mails through a real mail server, however it answers."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from native.driving.embedded import free_ports
from notifications.mail import GIVEN_UP_AFTER, LINES_SHOWN, QUIET, REFUSED_FOR
from notifications.mailing import LEASE
from notifications.messages import Kind
from notifications.models import Notification, RefusedAddress
from notifications.services import send_waiting_emails
from tests.notifications.smtp import MailServer, mail_server

pytestmark = pytest.mark.django_db
Wait = Callable[..., list[Notification]]


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    with mail_server(settings) as server:
        yield server


@pytest.fixture
def wait() -> Wait:
    """Puts notifications into the queue."""
    count = iter(range(1_000_000))

    def put(email: str, kind: Kind = Kind.ORDER_PAID, copies: int = 1, **more: Any) -> list[Notification]:
        recipient = f"{'customer' if kind.startswith('ORDER') else 'account'}:7"
        rows = [
            Notification(
                recipient=recipient, kind=kind, order_id=(order := f"a-{next(count)}"), text=f"About {order}.",
                email=email, **{"email_due_at": timezone.now()} | more,
            )
            for _ in range(copies)
        ]  # fmt: skip
        return Notification.objects.bulk_create(rows)

    return put


def receivers(server: MailServer) -> list[str]:
    return [str(mail["To"]) for mail in server.delivered]


def pass_time(by: timedelta) -> None:
    """As if all that happened had happened so much earlier."""
    for row in Notification.objects.all():
        for name in ("email_due_at", "emailed_at", "created_at"):
            if moment := getattr(row, name):
                Notification.objects.filter(pk=row.pk).update(**{name: moment - by})
    for refused in RefusedAddress.objects.all():
        RefusedAddress.objects.filter(pk=refused.pk).update(at=refused.at - by)


def test_a_refused_address_does_not_stop_the_others(server: MailServer, wait: Wait) -> None:
    wait("bounce@shop.example")
    wait("fine@shop.example")
    assert send_waiting_emails() == 1
    assert receivers(server) == ["fine@shop.example"]
    refused = Notification.objects.get(email="bounce@shop.example")
    assert (refused.email_due_at, refused.emailed_at) == (None, None)
    assert refused.email_error == "550 5.1.1 user unknown"
    assert RefusedAddress.objects.get().reason == "550 5.1.1 user unknown"


def test_a_refused_address_is_left_alone_for_a_week(server: MailServer, wait: Wait) -> None:
    wait("bounce@shop.example")
    send_waiting_emails()
    server.answers.clear()
    (later,) = wait("bounce@shop.example")
    assert send_waiting_emails() == 0
    assert server.asked == ["bounce@shop.example"]
    later.refresh_from_db()
    assert (later.email_due_at, later.email_error) == (None, "550 5.1.1 user unknown")
    pass_time(REFUSED_FOR)
    wait("bounce@shop.example")
    assert send_waiting_emails() == 1


@pytest.mark.parametrize("name", ["greylisted", "forbidden"])
def test_what_is_refused_for_now_is_tried_again_later_and_later(server: MailServer, wait: Wait, name: str) -> None:
    (row,) = wait(f"{name}@shop.example")
    gaps = []
    for _ in range(4):
        assert send_waiting_emails() == 0
        row.refresh_from_db()
        assert row.email_due_at
        gaps.append(round((row.email_due_at - timezone.now()) / timedelta(seconds=30)))
        assert send_waiting_emails() == 0
        Notification.objects.update(email_due_at=timezone.now())
    assert gaps == [1, 2, 4, 8]
    assert len(server.asked) == 4
    assert not RefusedAddress.objects.exists()
    server.answers.clear()
    assert send_waiting_emails() == 1


def test_what_cannot_be_sent_for_two_days_is_given_up(server: MailServer, wait: Wait) -> None:
    (row,) = wait("greylisted@shop.example")
    pass_time(GIVEN_UP_AFTER)
    send_waiting_emails()
    row.refresh_from_db()
    assert (row.email_due_at, row.email_error) == (None, "given up: 450 4.2.0 come again")


def test_one_message_that_is_refused_says_nothing_of_its_address(server: MailServer, wait: Wait) -> None:
    server.after_data = b"554 5.6.0 no such content"
    (row,) = wait("fine@shop.example")
    send_waiting_emails()
    row.refresh_from_db()
    assert (row.email_due_at, row.email_error) == (None, "554 5.6.0 no such content")
    assert not RefusedAddress.objects.exists()


@pytest.mark.parametrize("address", ["no at all", "two\nlines@shop.example", "ü@shop.example", "a@b@c", "@", "x" * 200])
def test_an_address_that_is_none_does_not_stop_the_others(server: MailServer, wait: Wait, address: str) -> None:
    wait(address)
    wait("fine@shop.example")
    send_waiting_emails()
    assert "fine@shop.example" in receivers(server)


def test_a_server_that_closes_is_asked_again_and_by_another_first(server: MailServer, wait: Wait) -> None:
    wait("closing@shop.example")
    wait("fine@shop.example")
    assert send_waiting_emails() == 0
    assert send_waiting_emails() == 1
    assert receivers(server) == ["fine@shop.example"]


def test_a_silent_server_keeps_nobody_longer_than_the_settings_say(settings: Any, wait: Wait) -> None:
    settings.EMAIL_TIMEOUT = 0.2
    (row,) = wait("fine@shop.example")
    with mail_server(settings, silent=True):
        assert send_waiting_emails() == 0
    row.refresh_from_db()
    assert row.email_tries == 1
    assert "timed out" in row.email_error


def test_mail_waits_for_a_server_that_is_away(settings: Any, wait: Wait) -> None:
    wait("fine@shop.example")
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, (settings.EMAIL_PORT,) = "127.0.0.1", free_ports(1)
    assert send_waiting_emails() == 0
    pass_time(timedelta(minutes=1))
    with mail_server(settings) as server:
        assert send_waiting_emails() == 1
        assert receivers(server) == ["fine@shop.example"]


def test_three_hundred_alerts_are_one_mail_and_then_a_digest(server: MailServer, wait: Wait, settings: Any) -> None:
    settings.PUBLIC_URL = "https://shop.example"
    wait("desk@shop.example", Kind.FRAUD_ALERT)
    assert send_waiting_emails() == 1
    for _ in range(3):
        wait("desk@shop.example", Kind.FRAUD_ALERT, copies=100)
        assert send_waiting_emails() == 0
    pass_time(max(QUIET.values()))
    assert send_waiting_emails() == 300
    first, digest = server.delivered
    assert (first["Subject"], first.get_content().strip()) == ("Suspicion of fraud", "About a-0.")
    assert digest["Subject"] == "300 messages: Suspicion of fraud"
    text = digest.get_content()
    assert text.count("\n- About a-") + text.startswith("- About a-1.") == LINES_SHOWN
    assert f"… and {300 - LINES_SHOWN} more." in text
    assert "All of them: https://shop.example/admin/fraud/fraudalert/" in text


def test_news_of_other_kinds_and_for_others_do_not_wait_for_a_digest(server: MailServer, wait: Wait) -> None:
    wait("both@shop.example", Kind.FRAUD_ALERT)
    send_waiting_emails()
    wait("both@shop.example", Kind.ALERT_FIRING)
    wait("other@shop.example", Kind.FRAUD_ALERT)
    assert send_waiting_emails() == 2


def test_operators_wait_no_longer_than_a_minute(server: MailServer, wait: Wait) -> None:
    for _ in range(2):
        wait("operator@shop.example", Kind.ALERT_FIRING, copies=2)
        assert send_waiting_emails() == 2
        pass_time(timedelta(minutes=1))
    assert "/notifications" in server.delivered[0].get_content()


def test_what_a_killed_process_had_taken_is_sent_by_another_after_a_while(server: MailServer, wait: Wait) -> None:
    wait("fine@shop.example", email_due_at=timezone.now() + LEASE)
    assert send_waiting_emails() == 0
    pass_time(LEASE)
    assert send_waiting_emails() == 1


def test_a_long_list_of_told_messages_is_not_looked_through(server: MailServer, wait: Wait) -> None:
    wait("fine@shop.example", copies=50, email_due_at=None, emailed_at=timezone.now())
    with CaptureQueriesContext(connection) as queries:
        send_waiting_emails()
    (select,) = [query["sql"] for query in queries if query["sql"].startswith("SELECT")]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {select}")
        assert "notifications_due" in str(cursor.fetchall())
