"""What is written about suspicions, and published about them. Every change leaves a line of history."""

from collections.abc import Collection, Iterable, Iterator
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

import events
from database.inserting import insert_new_rows, insert_rows
from database.portions import locked_by_key, rows_among
from database.values import stored
from events import AlertChange, AlertStatus
from events.money import from_cents, to_cents, written
from fraud import cases
from fraud.models import AlertEntry, FraudAlert
from fraud.rules import exceeds, suspicions
from fraud.tallies import Tally
from streaming.producing import outbox
from streaming.records import Record, records_of
from transactions.selectors import known
from transactions.tellings import agrees, entry_of

if TYPE_CHECKING:
    from streaming.columns import Orders

Suspected = tuple[str, int, str, str, str]
"""what an alert is about, as the database takes it: order, user, amount, time, and the rule that is broken"""
OF_ALERTS = ("order_id", "user_id", "amount", "timestamp", "rule", "status", "raised_at", "updated_at")
OF_ENTRIES = ("alert_id", "at", "previous_status", "status", "note")


class NotAllowed(ValueError):
    """This change may not happen; the message says why, and what to do instead."""


class ChangedMeanwhile(NotAllowed):
    """Somebody changed the alert after the caller last saw it."""


class Unchanged:
    """Says that an alert's assignee stays, since None says that it has none."""


UNCHANGED: Final = Unchanged()


def raise_alerts(*, received: Iterable[events.Transaction]) -> list[FraudAlert]:
    """Raise an alert for every suspicious order that has none yet, publish it, and return the new ones.

    What contradicts an order that is recorded already raises none. What is recorded only later, realign() settles.
    """
    suspected = _suspicions(received)
    return _raise_new(suspected) if suspected else []


@transaction.atomic
def realign(*, order_ids: Collection[str]) -> list[FraudAlert]:
    """Let the alerts about these orders be about what is recorded of them; returns those that are new.

    An alert about something else that was said of its order is dismissed, or becomes one about the record where that
    is suspicious itself.
    """
    recorded = {order_id: entry_of(order_id, each) for order_id, each in known(order_ids).items()}
    tally = Tally()
    for alert in _locked(recorded):
        event = recorded[alert.order_id]
        if alert.about != (event.user_id, event.cents, event.timestamp) and (entry := _realign(alert, event)):
            tally.changed(alert, entry)
    raised = _raise(_suspicions(recorded.values()), tally)
    tally.write()
    return raised


def take(*, alert: FraudAlert, by: User) -> FraudAlert:
    """Begin to investigate an alert: of all who try at once, one gets it, and the others get NotAllowed."""
    return change_alert(alert=alert, by=by, status=AlertStatus.INVESTIGATING, assignee=by)


@transaction.atomic
def change_alert(
    *,
    alert: FraudAlert,
    by: User,
    status: AlertStatus | None = None,
    assignee: User | Unchanged | None = UNCHANGED,
    note: str = "",
    seen: str | None = None,
) -> FraudAlert:
    """Move an investigation on, write it into the alert's history and publish it; what changes nothing leaves no trace.

    seen: the version on which the caller decided. Raises ChangedMeanwhile if it is not the present one, and NotAllowed
    if fraud.cases refuses.
    """
    row = FraudAlert.objects.select_for_update().get(pk=alert.pk)
    now = cases.Case(AlertStatus(row.status), row.assignee.username if row.assignee else None)
    if isinstance(assignee, Unchanged):
        assignee = row.assignee if cases.next_holder(now, status, by.username) == now.holder else by
    note = note.strip()
    if reason := cases.why_not(now, status, assignee.username if assignee else None, by=by.username, note=note):
        raise NotAllowed(reason)
    if not note and assignee == row.assignee and status in (None, row.status):
        return row
    if seen not in (None, row.version):
        raise ChangedMeanwhile(f"{row.order_id} changed after you read it: look at its history, then decide again.")
    tally = Tally()
    tally.changed(row, _change(row, by, status or now.status, assignee, note))
    tally.write()
    return row


def suspects(orders: "Orders") -> list[Record[events.Transaction]]:
    """Those of orders in columns that break a rule, as records."""
    return records_of(orders.only(exceeds(orders.cents, _limit_cents())))


def _locked(order_ids: Iterable[str]) -> Iterator[FraudAlert]:
    """The alerts about these orders, locked in the order of their keys."""
    keys = rows_among(FraudAlert.objects.values_list("pk", flat=True), "order_id", order_ids)
    return locked_by_key(FraudAlert.objects.all(), keys)


def _rule_broken(event: events.Transaction) -> str | None:
    return suspicions(event, _limit_cents())


def _limit_cents() -> int:
    return to_cents(settings.FRAUD_AMOUNT_LIMIT)


def _suspicions(received: Iterable[events.Transaction]) -> list[Suspected]:
    """The alerts that there ought to be about what was received, unless it contradicts what is recorded."""
    suspected = {event: rule for event in received if (rule := _rule_broken(event))}
    recorded = known({event.order_id for event in suspected}) if suspected else {}
    return [
        _suspected(event, rule)
        for event, rule in suspected.items()
        if event.order_id not in recorded or agrees(event, recorded[event.order_id])
    ]


def _realign(alert: FraudAlert, event: events.Transaction) -> AlertEntry | None:
    """The line of history that this leaves; None: none."""
    reason = f"This alert was about {alert.amount} of user {alert.user_id}, which is not what counts for the order"
    if not _rule_broken(event):
        if alert.status in cases.CLOSED:
            return None  # an investigator, or this, has decided already
        return _change(alert, None, AlertStatus.DISMISSED, alert.assignee, f"{reason}: that is not suspicious.")
    alert.user_id, alert.amount, alert.timestamp = event.user_id, from_cents(event.cents), event.timestamp
    alert.save(update_fields=["user_id", "amount", "timestamp"])
    return _change(alert, None, AlertStatus(alert.status), alert.assignee, f"{reason}: that is {alert.amount}.")


def _suspected(event: events.Transaction, rule: str) -> Suspected:
    return event.order_id, event.user_id, written(event.cents), stored(event.timestamp), rule


@transaction.atomic
def _raise_new(suspected: list[Suspected]) -> list[FraudAlert]:
    tally = Tally()
    raised = _raise(suspected, tally)
    tally.write()
    return raised


def _raise(suspected: list[Suspected], tally: Tally) -> list[FraudAlert]:
    """The alerts about what is suspected that are new, inserted and published."""
    if not suspected:
        return []
    now = stored(timezone.now())
    # The database decides which are new. Only those have no history yet: it is written in the same transaction.
    insert_new_rows(FraudAlert, OF_ALERTS, [(*each, AlertStatus.OPEN.value, now, now) for each in suspected])
    order_ids = {order_id for order_id, *_ in suspected}
    new = rows_among(FraudAlert.objects.filter(history=None), "order_id", order_ids)
    raised = sorted(new, key=attrgetter("pk"))
    insert_rows(AlertEntry, OF_ENTRIES, [(alert.pk, now, "", alert.status, "") for alert in raised])
    outbox.enqueue(_as_event(alert, AlertChange.RAISED) for alert in raised)
    for alert in raised:
        tally.raised(alert)
    return raised


def _change(alert: FraudAlert, by: User | None, status: AlertStatus, assignee: User | None, note: str) -> AlertEntry:
    previous, alert.status, alert.assignee = alert.status, status, assignee
    alert.save(update_fields=["status", "assignee", "updated_at"])
    entry = AlertEntry.objects.create(
        alert=alert, by=by, previous_status=previous, status=status, assignee=assignee, note=note
    )
    outbox.enqueue([_as_event(alert, AlertChange.CHANGED)])
    return entry


def _as_event(alert: FraudAlert, change: AlertChange) -> events.FraudAlert:
    return events.FraudAlert(
        order_id=alert.order_id,
        user_id=alert.user_id,
        amount=float(alert.amount),
        rule=alert.rule,
        change=change,
        status=AlertStatus(alert.status),
        timestamp=alert.raised_at if change == AlertChange.RAISED else alert.updated_at,
    )
