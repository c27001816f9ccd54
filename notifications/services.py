"""What is written to the table of notifications, and sent by e-mail."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from accounts.roles import Role
from api.models import Customer
from database.deleting import delete_in_portions
from database.inserting import insert_new_rows
from database.portions import values_among
from database.values import stored
from notifications import mailing, selectors
from notifications.alerts import Alert, is_silent, message_about_alert, message_about_silence
from notifications.messages import Audience, Kind, Message
from notifications.models import Heartbeat, Notification

if TYPE_CHECKING:
    from streaming.columns import Orders

SUBJECTS = {
    Kind.ORDER_CREATED: "We have your order",
    Kind.ORDER_PAID: "Your order is paid",
    Kind.ORDER_FAILED: "A payment failed",
    Kind.ORDER_REFUNDED: "Your refund",
    Kind.FRAUD_ALERT: "Suspicion of fraud",
    Kind.ALERT_FIRING: "An alert fires",
    Kind.ALERT_RESOLVED: "An alert is over",
    Kind.ALERTS_SILENT: "No alerts can arrive",
}
PLAIN = ("recipient", "kind", "order_id", "text", "created_at")
"""what is said of a message about an order whose customer gets no e-mail, as most are"""
COLUMNS = (*PLAIN, "alert", "email", "email_due_at")
ROLES = {Audience.INVESTIGATORS: Role.INVESTIGATOR, Audience.OPERATORS: Role.OPERATOR}


@dataclass(frozen=True)
class Recipient:
    name: str
    email: str = ""


def notify(*, messages: Iterable[Message], orders: "Orders | None" = None) -> None:
    """Put each message into its recipients' lists; what is in one already is not added again.

    orders: about which there are messages beside those, as message_about() has them.
    """
    messages, now = list(messages), stored(timezone.now())
    users = {message.to for message in messages if not isinstance(message.to, Audience)}
    emails = _customer_emails(users.union(orders.user_id.tolist() if orders else ()))
    audiences = {audience: _members(audience) for audience in Audience if any(each.to is audience for each in messages)}
    rows = [
        (
            recipient.name,
            str(message.kind),
            message.order_id,
            message.text,
            now,
            message.alert,
            recipient.email,
            now if recipient.email else None,
        )
        for message in messages
        for recipient in _recipients(message, emails, audiences)
    ]
    plain = []
    for user_id, kind, order_id, text in _messages_about(orders):
        row = (f"customer:{user_id}", kind, order_id, text, now)
        if email := emails.get(user_id):
            rows.append((*row, "", email, now))
        else:
            plain.append(row)
    with transaction.atomic():
        insert_new_rows(Notification, PLAIN, plain)
        insert_new_rows(Notification, COLUMNS, rows)


def reverse(*, sent: Iterable[tuple[Message, Message]]) -> None:
    """Of each message that may have been sent, and its reversal: send the reversal if the message was sent so."""
    notify(messages=[reversal for message, reversal in sent if selectors.was_sent(message)])


def notify_of_alerts(*, alerts: Iterable[Alert]) -> None:
    """Notify every operator that alerts fire or are over, once of each state."""
    notify(messages=map(message_about_alert, alerts))


def note_heartbeat() -> Heartbeat:
    """Alerts can arrive, as of now."""
    return Heartbeat.objects.update_or_create(name=selectors.ALERTING, defaults={"at": timezone.now()})[0]


def notify_of_silence() -> bool:
    """Notify every operator, once, if alerts could arrive before and no longer can; returns whether that is so."""
    last = selectors.last_heartbeat()
    if last is None or not is_silent(last, timezone.now()):
        return False
    notify(messages=[message_about_silence(last)])
    return True


def forget_old() -> int:
    """Delete notifications, read or not, that are older than settings.NOTIFICATIONS_KEPT; returns how many."""
    old = Notification.objects.filter(created_at__lt=timezone.now() - settings.NOTIFICATIONS_KEPT)
    return delete_in_portions(old.order_by("created_at"))


def send_waiting_emails(*, limit: int = 500) -> int:
    """Send the notifications that are due by e-mail; returns how many went out, alone or in digests."""
    return mailing.send_waiting(SUBJECTS, limit=limit)


def mark(*, notification: Notification, read: bool) -> Notification:
    """Mark as read or unread; what was read before keeps its time."""
    if read != (notification.read_at is not None):
        notification.read_at = timezone.now() if read else None
        notification.save(update_fields=["read_at"])
    return notification


def _messages_about(orders: "Orders | None") -> Iterator[tuple[int, str, str, str]]:
    if orders is None:
        return iter(())
    from notifications.column_messages import messages_about  # noqa: PLC0415 - brings numpy along

    return messages_about(orders)


def _recipients(
    message: Message, emails: dict[int, str], audiences: Mapping[Audience, list[Recipient]]
) -> Iterator[Recipient]:
    if isinstance(message.to, Audience):
        yield from audiences[message.to]
    else:
        yield Recipient(f"customer:{message.to}", emails.get(message.to, ""))


def _customer_emails(user_ids: set[int]) -> dict[int, str]:
    active = Customer.objects.filter(account__is_active=True)
    return dict(values_among(active.values_list("user_id", "account__email"), "user_id", sorted(user_ids)))


def _members(audience: Audience) -> list[Recipient]:
    accounts = get_user_model().objects.filter(groups__name=ROLES[audience], is_active=True)
    return [Recipient(f"account:{account.pk}", account.email) for account in accounts]
