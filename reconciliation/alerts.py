"""The topic `transactions` beside the alerts: each suspicious order has one."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.conf import settings

import events
from events.money import to_cents
from fraud.rules import suspicions
from fraud.selectors import about_something_else, without_alert
from fraud.services import raise_alerts, realign
from reconciliation.check import ASKED_AT_ONCE, MENDED_AT_ONCE, Stage
from reconciliation.comparison import Comparison, Result, Scope
from streaming.inspecting.topic_scan import ScannedRecord
from streaming.topics import Group, Topic
from transactions.selectors import known
from transactions.tellings import Known, agrees


class Alerts(Stage):
    """Judges by the rules as they are now: after a limit is lowered, what it would have caught is missing.

    Only what is recorded of an order counts: an alert about something else that was said of it is a mismatch. Alerts
    about what is not suspicious any more are none of its business. Costs the ids of the suspicious orders.
    """

    mends = Comparison.ALERTS

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self._limit = to_cents(settings.FRAUD_AMOUNT_LIMIT)
        self._suspicious: set[str] = set()
        self._missing: dict[str, events.Transaction] = {}
        self._astray: set[str] = set()
        self._result = Result(Comparison.ALERTS)

    def look(self, scanned: Sequence[ScannedRecord]) -> None:
        suspicious = {
            each.record.event.order_id: each.record.event
            for each in scanned
            if each.record.topic == Topic.TRANSACTIONS
            and suspicions(each.record.event, self._limit)
            and Group.FRAUD not in each.not_for
            and self.scope.covers(each.record.received_at)
        }
        if suspicious:
            contradicting = _contradicting(suspicious)
            self._astray |= about_something_else(contradicting)
            right = suspicious.keys() - contradicting.keys()
            self._suspicious |= right
            self._missing |= {order_id: suspicious[order_id] for order_id in without_alert(right)}

    def in_doubt_since(self) -> datetime | None:
        asked = sorted(self._missing)
        for start in range(0, len(asked), ASKED_AT_ONCE):
            for order_id in sorted(without_alert(asked[start : start + ASKED_AT_ONCE])):
                self._result.note(f"{order_id}: no alert")
        for order_id in sorted(self._astray):
            self._result.note(f"{order_id}: an alert about something else than is recorded")
        self._result.expected = len(self._suspicious)
        self._result.found = self._result.expected - self._result.mismatches
        return None

    def results(self) -> list[Result]:
        return [self._result]

    def mend(self) -> None:
        missing = list(self._missing.values())[:MENDED_AT_ONCE]
        for start in range(0, len(missing), ASKED_AT_ONCE):
            raise_alerts(received=missing[start : start + ASKED_AT_ONCE])
        realign(order_ids=list(self._astray)[:MENDED_AT_ONCE])


def _contradicting(suspicious: Mapping[str, events.Transaction]) -> dict[str, Known]:
    """Of these orders, what is recorded of those that are recorded otherwise."""
    return {order_id: each for order_id, each in known(suspicious).items() if not agrees(suspicious[order_id], each)}
