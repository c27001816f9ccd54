from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.utils import timezone

from audit.services import forget_before
from database.errors import number_of

SIGNALLED = 1644
LONGEST = 36_500


def days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= LONGEST:
        raise ArgumentTypeError(f"a whole number of days from 1 to {LONGEST}")
    return int(text)


class Command(BaseCommand):
    help = "Delete old lines of the audit log, as the account of the database that makes its tables."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--older-than-days", type=days, required=True, help="lines that are older go")

    def handle(self, *args: Any, older_than_days: int, **options: Any) -> None:
        try:
            forgotten = forget_before(timezone.now() - timedelta(days=older_than_days))
        except OperationalError as error:
            if number_of(error) != SIGNALLED:
                raise
            raise CommandError(
                "MySQL lets only the account that runs the migrations delete lines: log in as that."
            ) from error
        self.stdout.write(f"{forgotten} lines are forgotten.")
