"""The queue of e-mails: the column `email_due_at` of notifications (docs/decisions/0028)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from email.errors import MessageError
from smtplib import SMTPException
from time import monotonic

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F, Max, QuerySet
from django.urls import reverse
from django.utils import timezone

from notifications.mail import (
    FRAUD,
    GIVEN_UP_AFTER,
    MAX_REASON,
    QUIET,
    REFUSED_FOR,
    Blame,
    blame,
    kinds_with,
    letter,
    next_try,
    reason,
)
from notifications.messages import Kind
from notifications.models import Notification, RefusedAddress

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=5)
"""For so long what a process has taken is its own: more than a task of Celery's may take."""
MOST_IN_A_DIGEST = 1000
SECONDS_FOR_A_RUN = 40
"""Then no further e-mail is begun: the next run goes on."""
FAILURES = (OSError, SMTPException, MessageError, ValueError)


def send_waiting(subjects: Mapping[Kind, str], *, limit: int) -> int:
    """Send what is due, the longest due first; returns how many notifications went out, alone or in digests.

    limit: e-mails at the most. Whatever becomes of one, the others are tried, unless the server itself fails: then
    the run ends. Each is marked right after it was handed over, so a crash sends one a second time at the most.
    """
    until, sent = monotonic() + SECONDS_FOR_A_RUN, 0
    connection = get_connection()
    try:
        for _ in range(limit):
            if monotonic() > until or not (parcel := _take()):
                break
            outcome = _send(parcel, subjects, connection)
            sent += len(parcel) if outcome is None else 0
            if outcome is Blame.SERVER:
                break
    finally:
        connection.close()
    return sent


@transaction.atomic
def _take() -> list[Notification]:
    """What is due to be sent in one e-mail, taken from other processes for a while; empty: nothing is."""
    now = timezone.now()
    # Held back before it is taken: what waits for a digest, and what goes to an address that was refused.
    while first := _locked(_due(now)).order_by("email_due_at", "pk").first():
        kinds = kinds_with(Kind(first.kind))
        alike = _due(now).filter(email=first.email, kind__in=kinds)
        if refused := _refusal(first.email, now):
            _mark_refused(alike, refused.reason)
        elif (quiet_until := _last_sent(first.email, kinds) + QUIET[kinds]) > now:
            alike.update(email_due_at=quiet_until)
        else:
            parcel = list(_locked(alike).order_by("pk")[:MOST_IN_A_DIGEST])
            _of(parcel).update(email_due_at=now + LEASE)
            return parcel
    return []


def _due(now: datetime) -> QuerySet[Notification]:
    return Notification.objects.filter(email_due_at__lte=now)


def _locked(rows: QuerySet[Notification]) -> QuerySet[Notification]:
    # Two processes never send the same. SQLite, which knows no locks of rows, lets one of them write at a time.
    return rows.select_for_update(skip_locked=True)


def _of(parcel: Sequence[Notification]) -> QuerySet[Notification]:
    return Notification.objects.filter(pk__in=[each.pk for each in parcel])


def _last_sent(address: str, kinds: frozenset[Kind]) -> datetime:
    sent = Notification.objects.filter(email=address, emailed_at__isnull=False, kind__in=kinds)
    last: datetime | None = sent.aggregate(last=Max("emailed_at"))["last"]
    return last or datetime.min.replace(tzinfo=timezone.get_default_timezone())


def _refusal(address: str, now: datetime) -> RefusedAddress | None:
    return RefusedAddress.objects.filter(address=address, at__gt=now - REFUSED_FOR).first()


def _send(parcel: list[Notification], subjects: Mapping[Kind, str], connection: BaseEmailBackend) -> Blame | None:
    """Send one e-mail and mark what became of it; returns whom a failure is about."""
    words = letter([subjects[Kind(each.kind)] for each in parcel], [each.text for each in parcel], _link(parcel[0]))
    try:
        connection.open()
        EmailMessage(words.subject, words.text, to=[parcel[0].email], connection=connection).send()
    except FAILURES as error:
        about = blame(error)
        log.warning("an e-mail was not sent", about=about, reason=reason(error), messages=len(parcel))
        _mark_failed(parcel, about, reason(error))
        return about
    _of(parcel).update(emailed_at=timezone.now(), email_due_at=None, email_error="")
    return None


def _link(notification: Notification) -> str:
    """Where all of its kind are to be seen: the investigators' desk, or one's list."""
    desk = kinds_with(Kind(notification.kind)) == FRAUD
    return f"{settings.PUBLIC_URL}{reverse(settings.FRAUD_DESK if desk else 'notifications')}"


@transaction.atomic
def _mark_failed(parcel: list[Notification], about: Blame, why: str) -> None:
    now, rows = timezone.now(), _of(parcel)
    # Of whoever was forgotten while this was sent, nothing is written down anew: what was sent is gone.
    if about is Blame.ADDRESS and rows.select_for_update().exists():
        of_staff = parcel[0].recipient.startswith("account:")
        known = {"at": now, "reason": why, "of_staff": of_staff}
        RefusedAddress.objects.update_or_create(address=parcel[0].email, defaults=known)
    if about in (Blame.ADDRESS, Blame.MESSAGE):
        _mark_refused(rows, why)
        return
    given_up = rows.filter(created_at__lt=now - GIVEN_UP_AFTER)
    _mark_refused(given_up, f"given up: {why}"[:MAX_REASON])
    tries = max(each.email_tries for each in parcel) + 1
    rows.filter(email_due_at__isnull=False).update(
        email_due_at=next_try(tries, now), email_tries=F("email_tries") + 1, email_error=why
    )


def _mark_refused(rows: QuerySet[Notification], why: str) -> None:
    rows.update(email_due_at=None, email_tries=F("email_tries") + 1, email_error=why)
