"""What goes into an e-mail, and what an answer of the mail server means. Pure: notifications/mailing.py sends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.errors import MessageError
from enum import StrEnum
from smtplib import (
    SMTPDataError,
    SMTPNotSupportedError,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from notifications.messages import Kind

OPERATIONS = frozenset({Kind.ALERT_FIRING, Kind.ALERT_RESOLVED, Kind.ALERTS_SILENT})
FRAUD = frozenset({Kind.FRAUD_ALERT})
ORDERS = frozenset(Kind) - OPERATIONS - FRAUD
QUIET = {OPERATIONS: timedelta(minutes=1), FRAUD: timedelta(minutes=5), ORDERS: timedelta(minutes=5)}
"""After an e-mail, further news of these kinds to the same address wait so long, and go together."""

FIRST_RETRY, LAST_RETRY = timedelta(seconds=30), timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(days=2)
"""Older news that cannot be sent is not news. It stays in the recipient's list."""
REFUSED_FOR = timedelta(days=7)
"""How long an address that was refused is not tried again."""

LINES_SHOWN = 20
MAX_REASON = 200
POLICY = (b"5.7.", b"#5.7.")
LOGIN = frozenset({530, 534, 535, 538})
SERVICE_CLOSES = 421


class Blame(StrEnum):
    """Whom a failure to send is about, and so who is not tried again, or later."""

    ADDRESS = "address"
    """there is no such mailbox: nothing that is sent there arrives"""
    MESSAGE = "message"
    """this one is refused for good"""
    MOMENT = "moment"
    """this one is refused for now"""
    SERVER = "server"
    """nothing can be sent now"""


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    text: str


def kinds_with(kind: Kind) -> frozenset[Kind]:
    """The kinds that may share an e-mail with this one."""
    return next(kinds for kinds in QUIET if kind in kinds)


def letter(subjects: Sequence[str], texts: Sequence[str], link: str) -> Letter:
    """One message as it is; several as a digest that shows the first ones, and says where all of them are."""
    if len(texts) == 1:
        return Letter(subjects[0], texts[0])
    alike = f": {subjects[0]}" if len(set(subjects)) == 1 else ""
    lines = [f"- {text}" for text in texts[:LINES_SHOWN]]
    if len(texts) > LINES_SHOWN:
        lines.append(f"… and {len(texts) - LINES_SHOWN:,} more.")
    return Letter(f"{len(texts):,} messages{alike}", "\n".join([*lines, "", f"All of them: {link}"]))


def blame(error: Exception) -> Blame:
    """Whom a failure is about, by RFC 5321 (codes) and RFC 3463 (what follows them)."""
    if isinstance(error, SMTPRecipientsRefused):
        return _blame_for_recipient(*next(iter(error.recipients.values())))
    if isinstance(error, SMTPDataError):
        return Blame.MESSAGE if error.smtp_code >= 500 else Blame.MOMENT
    # An address that cannot be written down is as good as none.
    return Blame.ADDRESS if isinstance(error, SMTPNotSupportedError | MessageError | ValueError) else Blame.SERVER


def _blame_for_recipient(code: int, answer: bytes) -> Blame:
    if code == SERVICE_CLOSES:
        return Blame.SERVER
    # A server that forbids, or wants a login, says nothing of the address: once it is mended, none must be marked.
    return Blame.MOMENT if code < 500 or code in LOGIN or answer.startswith(POLICY) else Blame.ADDRESS


def reason(error: Exception) -> str:
    """What the server said, in one short line."""
    if isinstance(error, SMTPRecipientsRefused):
        code, answer = next(iter(error.recipients.values()))
        words = f"{code} {answer.decode(errors='replace')}"
    elif isinstance(error, SMTPSenderRefused | SMTPResponseException):
        said = error.smtp_error
        words = f"{error.smtp_code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"
    else:
        words = f"{type(error).__name__}: {error}"
    return " ".join(words.split())[:MAX_REASON]


def next_try(tries: int, now: datetime) -> datetime:
    """When to try again after so many failures: twice as late each time."""
    doublings = min(tries - 1, 16)
    return now + min(FIRST_RETRY * (1 << doublings), LAST_RETRY)
