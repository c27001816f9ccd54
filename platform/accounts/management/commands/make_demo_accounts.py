import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.demo import make_demo_accounts
from events.plausibility import MAX_USER_ID


class Command(BaseCommand):
    help = (
        "Make an account of every role (shop, investigator, analyst, operator, customer) and the superuser admin, "
        "and print their passwords and tokens as JSON. Run again, it gives them new ones."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", type=Path, metavar="FILE", help="write to this file, which only you can read")
        parser.add_argument("--customer-user-id", type=int, default=1, help="the shop's user whom `customer` is")
        parser.add_argument(
            "--password",
            default=os.environ.get("DEMO_PASSWORD"),
            help="one password for all; otherwise each gets a random one (also: DEMO_PASSWORD in the environment)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not 0 <= options["customer_user_id"] <= MAX_USER_ID:
            raise CommandError(f"--customer-user-id: give a number from 0 to {MAX_USER_ID}.")
        if options["password"]:
            _check(options["password"])
        logins = make_demo_accounts(customer_user_id=options["customer_user_id"], password=options["password"])
        credentials = json.dumps({login.name: asdict(login) for login in logins}, indent=2) + "\n"
        if options["write"]:
            write_secret(options["write"], credentials)
        else:
            self.stdout.write(credentials, ending="")


def write_secret(file: Path, text: str) -> None:
    """Write a file that only its owner can read, also in the moment of its making."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(text)


def _check(password: str) -> None:
    try:
        validate_password(password)
    except ValidationError as error:
        raise CommandError(f"--password: {' '.join(error.messages)}") from error
