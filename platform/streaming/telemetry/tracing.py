"""Traces, from a call of the API to whatever comes of it; the setting TRACES says where they go.

While it says `off`, nothing of OpenTelemetry is imported here, and no handler is wrapped.
"""

from collections.abc import Callable
from typing import Any

from confluent_kafka import Message
from django.conf import settings

from streaming.records import Batch, Record
from streaming.topics import Event

OFF = "off"

Decode = Callable[[Message], Record[Any]]
Handle = Callable[[Batch[Any]], None]


class Traces:
    """What this process traces: nothing until it has begun."""

    create: Callable[[Event], str | None] | None = None
    """makes the span of a message that is about to be sent; returns what its header has to say"""


def begin(service: str) -> None:
    """Trace this process under a service's name, if the settings want it; once, and after any fork."""
    if settings.TRACES.kind != OFF and Traces.create is None:
        from streaming.telemetry import spans  # noqa: PLC0415 - brings OpenTelemetry along

        spans.export(settings.TRACES.kind, settings.TRACES.where, service)
        Traces.create = spans.create


def traceparent(event: Event) -> str | None:
    """W3C's traceparent for the message that carries an event; None: it is not traced."""
    return Traces.create(event) if Traces.create else None


def traced(group: str, decode: Decode, handle: Handle) -> tuple[Decode, Handle]:
    """A worker's decode and handle with spans around them; just these if nothing is traced."""
    if Traces.create is None:
        return decode, handle
    from streaming.telemetry.spans import TracedWorker  # noqa: PLC0415 - brings OpenTelemetry along

    worker = TracedWorker(group, decode, handle)
    return worker.decode, worker.handle
