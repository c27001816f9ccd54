"""A mail server of a test's own: small, real, and with whatever manners the addresses ask for."""

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Event, Thread
from typing import Any

ANSWERS = {
    "bounce": b"550 5.1.1 user unknown",
    "forbidden": b"554 5.7.1 relay access denied",
    "greylisted": b"450 4.2.0 come again",
    "closing": b"421 4.3.2 shutting down",
}


class MailServer(socketserver.ThreadingTCPServer):
    """It refuses the addresses whose names stand in `answers`; `delivered` is what it took."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, *, silent: bool = False) -> None:
        self.silent, self.ended = silent, Event()
        self.answers = dict(ANSWERS)
        self.delivered: list[EmailMessage] = []
        self.asked: list[str] = []
        self.after_data = b"250 ok"
        super().__init__(("127.0.0.1", 0), Conversation)

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class Conversation(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        if self.server.silent:
            self.server.ended.wait()
            return
        self.say(b"220 test")
        while line := self.rfile.readline().strip():
            self.answer(line)

    def answer(self, line: bytes) -> None:
        if line.upper().startswith(b"RCPT"):
            address = line[line.index(b"<") + 1 : line.index(b">")].decode()
            self.server.asked.append(address)
            self.say(self.server.answers.get(address.partition("@")[0], b"250 ok"))
        elif line.upper() == b"DATA":
            self.say(b"354 go on")
            self.take()
        else:
            self.say(b"221 bye" if line.upper() == b"QUIT" else b"250 ok")

    def take(self) -> None:
        lines: list[bytes] = []
        while (line := self.rfile.readline()).strip() != b".":
            lines.append(line)
        if self.server.after_data.startswith(b"250"):
            self.server.delivered.append(message_from_bytes(b"".join(lines), policy=policy.default))
        self.say(self.server.after_data)

    def say(self, words: bytes) -> None:
        self.wfile.write(words + b"\r\n")


@contextmanager
def mail_server(settings: Any, *, silent: bool = False) -> Iterator[MailServer]:
    """Runs one, to which the settings lead."""
    with MailServer(silent=silent) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server
        server.ended.set()
        server.shutdown()
