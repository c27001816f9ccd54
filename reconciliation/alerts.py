"""The topic `transactions` beside the alerts: each suspicious order has one."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

import events
from events.money import to_cents
from fraud.management.commands.run_consumer import Command as Watcher
from fraud.rules import suspicions
from fraud.selectors import without_alert
from fraud.services import raise_alerts
from reconciliation.comparing import Comparison, Result, Scope
from reconciliation.stage import ASKED_AT_ONCE, MENDED_AT_ONCE, Stage
from streaming.history import Told
from streaming.topics import Topic


class Alerts(Stage):
    """Judges by the rules as they are now: after a limit is lowered, what it would have caught is missing.

    Alerts about what is not suspicious any more are none of its business. Costs the ids of the suspicious orders.
    """

    mends = Comparison.ALERTS

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self._limit = to_cents(settings.FRAUD_AMOUNT_LIMIT)
        self._suspicious: set[str] = set()
        self._missing: dict[str, events.Transaction] = {}
        self._result = Result(Comparison.ALERTS)

    def look(self, told: Sequence[Told]) -> None:
        suspicious = {
            each.record.event.order_id: each.record.event
            for each in told
            if each.record.topic == Topic.TRANSACTIONS
            and suspicions(each.record.event, self._limit)
            and Watcher.group not in each.not_for
            and self.scope.covers(each.record.received_at)
        }
        if suspicious:
            self._suspicious |= suspicious.keys()
            self._missing |= {order_id: suspicious[order_id] for order_id in without_alert(suspicious)}

    def in_doubt_since(self) -> datetime | None:
        asked = sorted(self._missing)
        for start in range(0, len(asked), ASKED_AT_ONCE):
            for order_id in sorted(without_alert(asked[start : start + ASKED_AT_ONCE])):
                self._result.note(f"{order_id}: no alert")
        self._result.expected = len(self._suspicious)
        self._result.found = self._result.expected - self._result.mismatches
        return None

    def results(self) -> list[Result]:
        return [self._result]

    def mend(self) -> None:
        missing = list(self._missing.values())[:MENDED_AT_ONCE]
        for start in range(0, len(missing), ASKED_AT_ONCE):
            raise_alerts(received=missing[start : start + ASKED_AT_ONCE])
