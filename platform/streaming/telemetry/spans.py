"""Spans by OpenTelemetry's semantic conventions for messaging. Imported only where something is traced.

https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/: each message has a span of its own for its
creation, whose context travels in its header. A batch that holds such messages has one span `process`, in a trace of
its own, with links to their contexts. Beside it, each of them has a span in its own trace, so that one trace shows all
that came of a call; what is sent while a message is processed becomes its child.
"""

import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from confluent_kafka import Message
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from streaming import message_fields
from streaming.records import Batch, Record
from streaming.topics import TOPICS, Event

TRACER = trace.get_tracer("streaming")
W3C = TraceContextTextMapPropagator()
HEADER = "traceparent"
MOST_LINKS = 1000
"""as many as a batch has messages; OpenTelemetry would keep 128"""

Position = tuple[str, int, int]
_causes: ContextVar[Mapping[str, Span]] = ContextVar("causes", default={})  # noqa: B039 - nobody changes it
"""The spans of the messages that are being processed, by order id."""


def export(kind: str, url: str, service: str) -> None:
    """Send the spans of this process to the `console`, or by `otlp` to a collector's URL, from a thread of its own.

    OpenTelemetry's own variables (OTEL_TRACES_SAMPLER, OTEL_BSP_SCHEDULE_DELAY, …) hold.
    """
    resource = Resource.create({"service.namespace": "ecommerce-data-platform", "service.name": service})
    provider = TracerProvider(resource=resource, span_limits=SpanLimits(max_links=MOST_LINKS))
    provider.add_span_processor(BatchSpanProcessor(_exporter(kind, url)))
    trace.set_tracer_provider(provider)


def _exporter(kind: str, url: str) -> SpanExporter:
    if kind == "console":
        return ConsoleSpanExporter(out=sys.stderr)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - takes long

    return OTLPSpanExporter(endpoint=f"{url.rstrip('/')}/v1/traces")


def create(event: Event) -> str | None:
    """The span of a message's creation; returns its traceparent.

    Its parent is the message that is being processed about the same order, or else what goes on at present: a request.
    """
    topic = TOPICS[type(event)]
    cause = _causes.get().get(event.order_id)
    span = TRACER.start_span(
        f"create {topic}",
        trace.set_span_in_context(cause) if cause else None,
        SpanKind.PRODUCER,
        _attributes("create", topic) | {"messaging.kafka.message.key": str(event.user_id), "order_id": event.order_id},
    )
    span.end()
    carrier: dict[str, str] = {}
    W3C.inject(carrier, trace.set_span_in_context(span))
    return carrier.get(HEADER)


class TracedWorker:
    """A worker's decode and handle, with a span around each batch and one for each message that brought a context."""

    def __init__(
        self, group: str, decode: Callable[[Message], Record[Any]], handle: Callable[[Batch[Any]], None]
    ) -> None:
        self._group = group
        self._decode = decode
        self._handle = handle
        self._brought: dict[Position, Context] = {}

    def decode(self, message: Message) -> Record[Any]:
        record = self._decode(message)
        if (context := _context_of(message)) is not None:
            self._brought[record.topic, record.partition, record.offset] = context
        return record

    def handle(self, batch: Batch[Any]) -> None:
        brought, self._brought = self._brought, {}
        traced = [
            (record, context)
            for record in batch.records
            if (context := brought.get((record.topic, record.partition, record.offset))) is not None
        ]
        if not traced:
            return self._handle(batch)
        with TRACER.start_as_current_span(
            _name(batch),
            Context(),
            SpanKind.CONSUMER,
            {"messaging.batch.message_count": len(batch.records)} | self._attributes(batch.records[0].topic),
            links=[Link(trace.get_current_span(context).get_span_context()) for _, context in traced],
        ) as whole:
            # An order may be in the batch twice: as itself, and as its alert.
            spans = [self._begin(record, context, whole) for record, context in traced]
            orders = (record.event.order_id for record, _ in traced)
            token = _causes.set(dict(zip(orders, spans, strict=True)))
            try:
                self._handle(batch)
            except Exception as error:
                for span in spans:
                    span.set_status(Status(StatusCode.ERROR, str(error)))
                raise
            finally:
                _causes.reset(token)
                for span in spans:
                    span.end()

    def _begin(self, record: Record[Any], context: Context, whole: Span) -> Span:
        return TRACER.start_span(
            f"process {record.topic}",
            context,
            SpanKind.CONSUMER,
            self._attributes(record.topic)
            | {
                "messaging.destination.partition.id": str(record.partition),
                "messaging.kafka.offset": record.offset,
                "order_id": record.event.order_id,
            },
            links=[Link(whole.get_span_context())],
        )

    def _attributes(self, topic: str) -> dict[str, Any]:
        return _attributes("process", topic) | {"messaging.consumer.group.name": self._group}


def _attributes(operation: str, topic: str) -> dict[str, Any]:
    return {
        "messaging.system": "kafka",
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
        "messaging.destination.name": str(topic),
    }


def _name(batch: Batch[Any]) -> str:
    return f"process {' '.join(sorted({str(record.topic) for record in batch.records}))}"


def _context_of(message: Message) -> Context | None:
    """The context in a message's header; None if there is none, or none that can be."""
    header = message_fields.header(message, HEADER)
    if header is None:
        return None
    context = W3C.extract({HEADER: header.decode(errors="replace")}, Context())
    return context if trace.get_current_span(context).get_span_context().is_valid else None
