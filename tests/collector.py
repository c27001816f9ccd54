"""A collector of OpenTelemetry as far as tests need one, and an API that is traced."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass
class Spans:
    """The spans that a collector was sent, as (service, name, span, group)."""

    received: list[tuple[str, Any]] = field(default_factory=list)

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            attributes = {each.key: each.value.string_value for each in resource.resource.attributes}
            for scope in resource.scope_spans:
                self.received += [(attributes["service.name"], span) for span in scope.spans]

    def names(self, trace: str) -> set[tuple[str, str]]:
        return {(service, span.name) for service, span in self.received if span.trace_id.hex() == trace}

    def one(self, service: str, name: str, trace: str) -> Any:
        (found,) = (
            span for who, span in self.received if (who, span.name, span.trace_id.hex()) == (service, name, trace)
        )
        return found


@contextmanager
def collector() -> Iterator[tuple[str, Spans]]:
    spans = Spans()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.path == "/v1/traces"
            spans.take(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing: requests are no news."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", spans
    finally:
        server.shutdown()
        server.server_close()
