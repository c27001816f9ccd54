from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth.models import User
from unfold.widgets import UnfoldAdminTextareaWidget

from events import AlertStatus
from fraud.cases import CLOSED
from fraud.models import FraudAlert


@dataclass(frozen=True)
class Move:
    """A button: what an investigator can do with an alert."""

    name: str
    label: str
    done: str
    needs_note: bool
    look: str
    change: Callable[[User], dict[str, Any]]


def _take(by: User) -> dict[str, Any]:
    return {"status": AlertStatus.INVESTIGATING, "assignee": by}


TAKE = Move("take", "Take", "You investigate this alert.", False, "primary", _take)
TAKE_OVER = Move("take-over", "Take over", "You investigate this alert.", True, "primary", _take)
REOPEN = Move("reopen", "Reopen", "Reopened: you investigate this alert.", True, "primary", _take)
CONFIRM = Move(
    "confirm", "Confirm fraud", "Confirmed as fraud.", True, "danger", lambda by: {"status": AlertStatus.CONFIRMED}
)
DISMISS = Move("dismiss", "Dismiss", "Dismissed.", True, "success", lambda by: {"status": AlertStatus.DISMISSED})
HAND_BACK = Move("hand-back", "Hand back", "Handed back to all.", False, "default", lambda by: {"assignee": None})
ADD_NOTE = Move("note", "Add note", "Noted.", True, "default", lambda by: {})
MOVES = {move.name: move for move in (TAKE, TAKE_OVER, REOPEN, CONFIRM, DISMISS, HAND_BACK, ADD_NOTE)}


def moves(alert: FraudAlert, by: User) -> list[Move]:
    """The buttons that an investigator finds on an alert's page."""
    if alert.status in CLOSED:
        return [REOPEN, ADD_NOTE]
    if alert.assignee not in (None, by):
        return [TAKE_OVER, ADD_NOTE]
    if alert.assignee is None or alert.status == AlertStatus.OPEN:
        return [TAKE, CONFIRM, DISMISS, ADD_NOTE]
    return [CONFIRM, DISMISS, HAND_BACK, ADD_NOTE]


class MoveForm(forms.Form):
    """The button pressed, the note beside it, and the version of the alert that was on the page."""

    move = forms.ChoiceField(choices=[(move.name, move.label) for move in MOVES.values()])
    note = forms.CharField(
        required=False,
        max_length=10_000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4, "required": True, "placeholder": "What did you find?"}),
    )
    seen = forms.CharField(widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "move" in cleaned and self.pressed.needs_note and not cleaned.get("note"):
            self.add_error("note", f"Write a note, then press “{self.pressed.label}” again.")
        return cleaned

    @property
    def pressed(self) -> Move:
        return MOVES[self.cleaned_data["move"]]

    def change(self, by: User) -> dict[str, Any]:
        """What services.change_alert is to do."""
        return {"note": self.cleaned_data["note"], "seen": self.cleaned_data["seen"], **self.pressed.change(by)}
