"""How the sending of e-mails goes, for operators."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from notifications.mail import REFUSED_FOR
from notifications.models import Notification, RefusedAddress

LATE = timedelta(minutes=15)
"""Longer than any digest is gathered."""
RECENTLY = timedelta(hours=1)
COUNTED_UP_TO = 10_000
"""More is as bad: a mail server that is away for a day must not slow down whoever looks how it does."""


class MailFails(RuntimeError):
    """E-mails do not reach those whom they are for; says which."""


@dataclass(frozen=True, slots=True)
class Overdue:
    """E-mails that should have gone out and have not."""

    count: int
    """up to COUNTED_UP_TO"""
    since: datetime | None
    """when the oldest was made; None: there is none"""


def overdue() -> Overdue:
    """What is due, or was tried in vain; not what is gathered for a digest, nor what a process is sending just now."""
    waiting = Notification.objects.filter(email_due_at__isnull=False)
    late = waiting.filter(Q(email_due_at__lte=timezone.now()) | Q(email_tries__gt=0)).order_by("email_due_at", "id")
    return Overdue(**late[:COUNTED_UP_TO].aggregate(count=Count("pk"), since=Min("created_at")))


def ping_mail() -> None:
    """Returns if e-mails go out; raises MailFails."""
    now, late = timezone.now(), overdue()
    if late.since and now - late.since > LATE:
        raise MailFails(
            f"{late.count} e-mails have waited, the first since {late.since:%Y-%m-%d %H:%M:%S} UTC. "
            "See whether the mailer and the mail server run, and whether EMAIL_URL names it."
        )
    refused = RefusedAddress.objects.filter(at__gt=now - RECENTLY)
    if count := refused.count():
        of_staff = refused.filter(of_staff=True).count()
        raise MailFails(
            f"{count} addresses have refused their e-mails within the last hour, {of_staff} of them of investigators "
            "and operators. The admin lists them, with what was said."
        )


def figures() -> Iterator[Metric]:
    """What `run_monitor` exports of e-mails."""
    late, now = overdue(), timezone.now()
    yield GaugeMetricFamily(
        "platform_email_overdue_messages", "E-mails that should have gone out and have not.", value=late.count
    )
    yield GaugeMetricFamily(
        "platform_email_oldest_overdue_seconds",
        "Age of the oldest e-mail that should have gone out, in seconds; 0: there is none.",
        value=(now - late.since).total_seconds() if late.since else 0,
    )
    addresses = GaugeMetricFamily(
        "platform_email_refused_addresses",
        "E-mail addresses that the mail server has refused lately, of staff or customers.",
        labels=["of"],
    )
    refused = RefusedAddress.objects.filter(at__gt=now - REFUSED_FOR)
    for of, of_staff in (("staff", True), ("customers", False)):
        addresses.add_metric([of], refused.filter(of_staff=of_staff).count())
    yield addresses
