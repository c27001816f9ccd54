"""The spans of a worker's batch."""

from datetime import UTC, datetime
from typing import Any

import pytest
from confluent_kafka import Message
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from streaming.records import Batch, Record
from streaming.telemetry import spans
from tests.streaming.conftest import Orders

TRACEPARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(spans, "TRACER", provider.get_tracer("test"))
    return exporter


def test_an_order_that_is_in_a_batch_as_itself_and_as_its_alert_has_both_spans(
    exported: InMemorySpanExporter, orders: Orders
) -> None:
    (order,) = orders(1)

    def decode(message: Message) -> Record[Any]:
        return Record(order, str(message.topic()), 0, message.offset() or 0, datetime.now(UTC))

    worker = spans.TracedWorker("notifier", decode, lambda _: None)
    messages = [
        Message(topic=topic, partition=0, offset=offset, headers=[("traceparent", TRACEPARENT)])
        for offset, topic in enumerate(("transactions", "fraud.alerts"))
    ]
    worker.handle(Batch([worker.decode(each) for each in messages]))
    assert sorted(span.name for span in exported.get_finished_spans()) == [
        "process fraud.alerts", "process fraud.alerts transactions", "process transactions",
    ]  # fmt: skip
