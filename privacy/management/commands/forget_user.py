import sys
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from accounts.person import Person
from database.erasing import Erasure
from events.plausibility import MAX_USER_ID
from privacy import forgetting, kept
from privacy.forgetting import Counts, NotForgettable

SOMETHING_LEFT = 3
"""the exit code"""


class Command(BaseCommand):
    help = (
        "Erase what identifies a user of the shop: account, e-mails, notifications, notes. Amounts stay. Shows first "
        "what it will do; ends with 1 if it refuses, with 3 if something is left: then run it again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user_id", metavar="ID", help="the shop's number of the user")
        parser.add_argument("--by", metavar="NAME", help="the superuser's account that answers for it, for the log")
        parser.add_argument("--dry-run", action="store_true", help="only show what would be done")
        parser.add_argument("--yes", action="store_true", help="do it without asking")

    def handle(self, *args: Any, user_id: str | int, by: str | None, dry_run: bool, yes: bool, **options: Any) -> None:
        number = _user_id(user_id)
        try:
            whose = forgetting.person(number)
        except NotForgettable as refusal:
            raise CommandError(str(refusal)) from refusal
        answering = None if dry_run else _superuser(by)
        if whose.account is None and not kept.is_known(number) and forgetting.forgotten(number) is None:
            raise CommandError(f"Nothing is known of user {number}: neither an account nor a transaction.")
        planned = forgetting.erasures(whose)
        self.show(whose, planned)
        if answering is None:
            self.stdout.write("Nothing was done (--dry-run).")
            return
        if not yes:
            _ask(number)
        outcome = forgetting.forget(whose, planned, by=answering)
        self.tell(number, outcome.erased, bool(whose.account))
        self.tell_what_stays(number)
        if outcome.left:
            left = _listed(f"{count:,} {what}" for what, count in outcome.left.items())
            raise CommandError(f"Left: {left}. Run it again.", returncode=SOMETHING_LEFT)

    def show(self, whose: Person, planned: list[Erasure]) -> None:
        if before := forgetting.forgotten(whose.user_id):
            self.stdout.write(f"User {whose.user_id} was forgotten at {before.at:%Y-%m-%d %H:%M} UTC by {before.by}.")
        found = forgetting.counts(planned)
        rows = [
            ("accounts", int(whose.account is not None), "closed, and emptied of all but its id"),
            *((each.what, found[each.what], each.done) for each in planned),
            *((what, number, "kept, as numbers") for what, number in kept.numbers_of(whose.user_id).items()),
        ]
        table = Table("what", "rows", "will be")
        table.columns[1].justify = "right"
        for what, number, becomes in rows:
            if number:
                table.add_row(what, f"{number:,}", becomes)
        if table.rows:
            console = Console(width=120)
            with console.capture() as shown:
                console.print(table)
            self.stdout.write(shown.get())

    def tell(self, user_id: int, erased: Counts, had_account: bool) -> None:
        done = {"accounts": int(had_account), **erased}
        words = _listed(f"{number:,} {what}" for what, number in done.items() if number)
        self.stdout.write(f"Erased of user {user_id}: {words}." if words else f"User {user_id}: nothing to erase.")

    def tell_what_stays(self, user_id: int) -> None:
        now = timezone.now()
        self.stdout.write(
            f"Kept: amounts, times and order ids, under the number {user_id}, which only the shop can read."
        )
        for each in kept.retentions():
            what = "anything, as senders wrote it" if each.of_senders else "numbers"
            until, topics = f"{each.ends(now):%Y-%m-%d}", ", ".join(each.topics)
            self.stdout.write(f"Kept until {until}, for {each.days} days, in Kafka ({what}): {topics}.")
        if (days := kept.binlog_days()) is not None:
            self.stdout.write(f"Kept for {days:g} days in MySQL's binlog: the rows as they were.")
        self.stdout.write("Not reached: backups, logs, and what the shop itself holds; see docs/privacy.md.")


def _user_id(given: str | int) -> int:
    text = str(given).strip()
    if not (text.isascii() and text.isdigit() and int(text) <= MAX_USER_ID):
        raise CommandError(f"{given!r} is no user's number: give a whole number from 0 to {MAX_USER_ID}.")
    return int(text)


def _superuser(name: str | None) -> User:
    if name is None:
        raise CommandError("Give --by NAME, the superuser's account that answers for it: the admin's log names it.")
    account = User.objects.filter(username=name, is_superuser=True, is_active=True).first()
    if account is None:
        raise CommandError(f"{name} is no active superuser's account: --by names who answers for it.")
    return account


def _ask(user_id: int) -> None:
    if not sys.stdin.isatty():
        raise CommandError("Nobody is here to be asked: give --yes. Nothing was done.")
    if input(f"This cannot be undone. Type {user_id} to forget that user: ").strip() != str(user_id):
        raise CommandError("Nothing was done.")


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)
