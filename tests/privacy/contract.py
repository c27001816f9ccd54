"""What forgetting a person does on every database."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.test import Client
from knox.models import AuthToken

from accounts import person
from analytics.models import HourlyTotal
from api.models import IdempotencyKey
from database import erasing
from database.erasing import Erasure
from fraud.models import AlertEntry, FraudAlert
from notifications.models import Notification
from tests.conftest import ClientAs
from tests.privacy.life import PASSWORD, USER, WORDS, holding, live, tell
from transactions.models import RefundReason, Transaction

SUPERUSER = "answering"


class Killed(BaseException):
    """As when the process ends."""


def forget(*arguments: Any, user: Any = USER) -> str:
    out = StringIO()
    call_command("forget_user", str(user), "--by", SUPERUSER, "--yes", *arguments, stdout=out)
    return out.getvalue()


def numbers() -> dict[str, list[Any]]:
    """What is to stay as it is."""
    columns = ("order_id", "user_id", "amount", "status", "timestamp", "refunded_amount", "refund_of", "updated_at")
    return {
        "transactions": list(Transaction.objects.order_by("pk").values_list(*columns)),
        "reasons": list(RefundReason.objects.order_by("pk").values_list("order_id", "reason")),
        "alerts": list(FraudAlert.objects.order_by("pk").values_list()),
        "decisions": list(AlertEntry.objects.order_by("pk").values_list("alert", "by", "status")),
        "totals": list(HourlyTotal.objects.order_by("pk").values_list()),
    }


@pytest.mark.django_db
class ForgettingContract:
    @pytest.fixture(autouse=True)
    def a_life(self, client_as: ClientAs, settings: Any) -> None:
        superuser = Client()
        superuser.force_login(User.objects.create_superuser(SUPERUSER))
        live(client_as, superuser, settings)
        assert all(holding(WORDS.values()).values()), "the search finds what is there"

    def test_no_column_of_any_table_names_the_person_afterwards(self) -> None:
        forget()
        assert {word: where for word, where in holding(WORDS.values()).items() if where} == {}

    def test_amounts_orders_and_decisions_stay_and_so_does_a_neighbour(self) -> None:
        before = numbers()
        forget()
        assert numbers() == before
        notes = {
            *RefundReason.objects.values_list("note", flat=True),
            *AlertEntry.objects.values_list("note", flat=True),
        }
        assert notes == {"", "kept: of a neighbour"}
        kept = holding(["kept: of a neighbour"])["kept: of a neighbour"]
        assert "api_idempotencykey.body" in kept

    def test_what_was_asked_under_a_key_is_answered_again_without_the_note(self, client_as: ClientAs) -> None:
        before = IdempotencyKey.objects.exclude(account__username=WORDS["account"])
        statuses = dict(before.values_list("key", "status"))
        forget()
        assert dict(IdempotencyKey.objects.values_list("key", "status")) == statuses

    def test_nobody_logs_in_and_what_comes_later_is_mailed_to_nobody(self) -> None:
        forget()
        for name in (WORDS["account"], User.objects.get(username__startswith="forgotten-").username):
            assert Client().post("/login", {"username": name, "password": PASSWORD}).status_code == 200
        assert not AuthToken.objects.exists()
        answering = User.objects.get(username=SUPERUSER)
        assert {each.get_decoded()[SESSION_KEY] for each in Session.objects.all()} == {str(answering.pk)}
        tell("o-0", "o-new")
        later = Notification.objects.filter(recipient=f"customer:{USER}")
        assert set(later.values_list("email", "email_due_at")) == {("", None)}

    def test_a_dry_run_counts_and_changes_nothing(self) -> None:
        before = holding(WORDS.values())
        shown = forget("--dry-run")
        assert "Nothing was done" in shown
        assert holding(WORDS.values()) == before
        assert User.objects.get(username=WORDS["account"]).is_active

    def test_it_says_what_was_done_what_stays_and_who_did_it(self) -> None:
        said = " ".join(forget().split())
        assert f"Erased of user {USER}: 1 accounts, 1 tokens, with their names, 1 sessions, 2 wrong passwords" in said
        assert "5 notifications, 1 notes on refunds, 1 notes on fraud alerts, 2 notes in answers" in said
        assert "for 30 days, in Kafka (numbers): fraud.alerts, transactions, transactions.corrections" in said
        assert "for 90 days, in Kafka (anything, as senders wrote it): fraud.alerts.dead-letters" in said
        line = LogEntry.objects.get(content_type=None)
        assert (line.user.username, line.object_id, line.object_repr) == (SUPERUSER, str(USER), f"user {USER}")
        assert line.change_message.startswith("Forgotten: 1 tokens")

    def test_it_may_be_repeated_and_says_so(self) -> None:
        forget()
        again = forget()
        assert f"User {USER} was forgotten at" in again
        assert f"User {USER}: nothing to erase." in again
        assert LogEntry.objects.filter(content_type=None).count() == 1

    @pytest.mark.parametrize("portions", [0, 1, 2, 4, 7, 10, 13])
    def test_killed_after_any_portion_it_goes_on_from_there(
        self, portions: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before, left = numbers(), iter(range(portions))

        def one_portion(self: Erasure, portion: list[Any], erase: Callable[..., None] = Erasure._erase) -> None:
            if next(left, None) is None:
                raise Killed
            erase(self, portion)

        with monkeypatch.context() as killing:
            killing.setattr(erasing, "ROWS_AT_ONCE", 1)
            killing.setattr(Erasure, "_erase", one_portion)
            with pytest.raises(Killed):
                forget()
        assert any(holding(WORDS.values()).values())
        forget()
        assert not any(holding(WORDS.values()).values())
        assert numbers() == before

    def test_what_a_worker_writes_meanwhile_is_erased_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def after_notifications(self: Erasure, erase: Callable[[Erasure], int] = Erasure.erase) -> int:
            if self.what == "notes on refunds" and self.count():
                write_late()
            return erase(self)

        monkeypatch.setattr(Erasure, "erase", after_notifications)
        assert "6 notifications" in forget()
        assert not Notification.objects.filter(recipient=f"customer:{USER}").exists()

    def test_what_a_worker_writes_at_the_very_end_is_said_and_erased_by_the_next_run(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def at_the_end(account: User, forget: Callable[[User], None] = person.forget) -> None:
            forget(account)
            write_late()

        with monkeypatch.context() as working:
            working.setattr(person, "forget", at_the_end)
            with pytest.raises(CommandError, match=r"^Left: 1 notifications\. Run it again\.$") as raised:
                forget()
        assert raised.value.returncode == 3
        forget()
        assert not any(holding(WORDS.values()).values())


def write_late() -> None:
    """As the notifier does that had read the address before."""
    late = {"kind": "ORDER_PAID", "order_id": "late", "text": "Late.", "email": WORDS["address"]}
    Notification.objects.create(recipient=f"customer:{USER}", **late)
