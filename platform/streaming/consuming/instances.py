"""Names that processes of a consumer group keep over restarts (group.instance.id): each borne by one process at a time.

Kafka lets a newcomer have the name and ends whoever bore it; so a newcomer looks first. On this machine a lock shows
whether the bearer lives, which the kernel frees however it ended: a worker that was killed gets its partitions back at
once. A bearer elsewhere lives if it is still a member of the group when its session, had it died, would be over.
docs/decisions/0026-one-bearer-of-a-name.md says why.
"""

import fcntl
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from threading import Event
from time import monotonic
from typing import IO

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError

from streaming import clients

log = structlog.get_logger(__name__)

LOOK_EVERY_SECONDS = 0.5
ANSWER_WITHIN_SECONDS = 10.0


class NameTaken(CommandError):
    """Another process bears this name; a sentence for whoever started the command."""


class Name:
    """A process's name in a consumer group. instance: None if it has none, and is an ordinary member.

    command: what to call whoever else bears it. lock: held as long as this process bears it.
    """

    def __init__(self, group: str, instance: str | None, command: str, lock: IO[str] | None = None) -> None:
        self.group = group
        self.instance = instance
        self.taken = NameTaken(f"another {command} bears the name --instance {instance}: give each its own")
        self._lock = lock

    def is_free(self, ending: Event) -> bool:
        """Wait until nobody elsewhere can bear this name; False: we are to end meanwhile. Raises NameTaken."""
        over_at = monotonic() + clients.session_seconds()
        while self._is_borne_elsewhere():
            if monotonic() > over_at:
                raise self.taken
            if ending.wait(LOOK_EVERY_SECONDS):
                return False
        return True

    def note_member(self, consumer: Consumer) -> None:
        """Let the next process of this name know that this member of the group was here."""
        if self._lock:
            self._lock.seek(0)
            self._lock.truncate()
            self._lock.write(consumer.memberid() or "")
            self._lock.flush()

    def _is_borne_elsewhere(self) -> bool:
        # A name that is this host's own is borne nowhere else.
        if not self._lock or self.instance == socket.gethostname():
            return False
        self._lock.seek(0)
        return self._member() not in (None, self._lock.read())

    def _member(self) -> str | None:
        """The group's member of this name, dead or alive; None, too, if Kafka does not say."""
        asked = clients.admin().describe_consumer_groups([self.group], request_timeout=ANSWER_WITHIN_SECONDS)
        try:
            members = asked[self.group].result(ANSWER_WITHIN_SECONDS + 1).members
        except (KafkaException, TimeoutError) as error:
            # As where the first group of a cluster begins. Whoever is ended by our coming says so.
            log.info("joining without knowing whether another bears this name", error=str(error))
            return None
        name = clients.instance_id(self.group, str(self.instance))
        return next((member.member_id for member in members if member.group_instance_id == name), None)


@contextmanager
def bear(group: str, instance: str | None, command: str) -> Iterator[Name]:
    """Bear a name while the context lasts; raises NameTaken if another does, were it that it took ours."""
    if instance is None:
        yield Name(group, None, command)
        return
    with _file_of(group, instance).open("a+", encoding="utf-8") as file:
        name = Name(group, instance, command, file)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise name.taken from None
        try:
            yield name
        except KafkaException as error:
            if not _is_fenced(error.args[0]):
                raise
            raise name.taken from None


def _is_fenced(error: KafkaError) -> bool:
    """Whether another member came under our name; librdkafka says why something is fatal in words only."""
    told_in_words = error.code() == KafkaError._FATAL and "fenced" in error.str()
    return told_in_words or error.code() == KafkaError.FENCED_INSTANCE_ID


def _file_of(group: str, instance: str) -> Path:
    """The file that whoever bears this name on this machine has locked: one for each cluster and user."""
    folder = Path(tempfile.gettempdir()) / f"platform-workers-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise ImproperlyConfigured(f"{folder} belongs to somebody else: remove it, or set TMPDIR to another folder.")
    whose = f"{clients.connection()['bootstrap.servers']} {clients.instance_id(group, instance)}"
    return folder / f"{group}-{sha256(whose.encode()).hexdigest()[:16]}.lock"
