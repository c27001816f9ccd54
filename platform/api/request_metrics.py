"""What Prometheus learns of requests; docs/metrics.md says what each name means.

Most names are django-prometheus's, of which its own middlewares keep thirty (docs/decisions/0048).
"""

import os
from typing import Any

from django.http import HttpRequest, HttpResponse
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)

LATENCIES = (0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 25, 50, 75)
"""Seconds."""
SIZES = (0, *(2**power for power in range(30)))
"""Bytes."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "OPTIONS", "CONNECT", "PATCH"})

ANSWERS = Counter(
    "django_http_responses_total_by_status_view_method", "Answers.", labelnames=["status", "view", "method"]
)
ANSWERS_BY_STATUS = Counter("django_http_responses_total_by_status", "Answers.", labelnames=["status"])
IN_VIEW = Histogram(
    "django_http_requests_latency_seconds_by_view_method",
    "Time from a view's begin to its answer.",
    labelnames=["view", "method"],
    buckets=LATENCIES,
)
IN_ALL = Histogram(
    "django_http_requests_latency_including_middlewares_seconds",
    "Time from a request's arrival at Django to its answer.",
    buckets=LATENCIES,
)
EXCEPTIONS = Counter(
    "django_http_exceptions_total_by_view", "Exceptions that a view did not handle.", labelnames=["view"]
)
REQUEST_BYTES = Histogram("django_http_requests_body_total_bytes", "Bytes of requests' bodies.", buckets=SIZES)
ANSWER_BYTES = Histogram("django_http_responses_body_total_bytes", "Bytes of answers' bodies.", buckets=SIZES)

OVER_RATE = Counter(
    "platform_api_requests_over_rate", "Requests refused since somebody sent too many.", labelnames=["policy"]
)
RATE_COUNTS_AWAY = Counter(
    "platform_api_rate_counts_away", "Times at which Redis did not count requests, and the server counted for itself."
)


def count(request: HttpRequest, answer: Any, in_all: float, in_view: float | None, *, has_failed: bool = False) -> None:
    """Count a request with its answer; seconds, None: no view was asked. has_failed: it broke off after its head."""
    view, status = view_of(request), "500" if has_failed else str(answer.status_code)
    method = str(request.method) if request.method in METHODS else "<invalid method>"
    ANSWERS.labels(status, view, method).inc()
    ANSWERS_BY_STATUS.labels(status).inc()
    IN_ALL.observe(in_all)
    if in_view is not None:
        IN_VIEW.labels(view, method).observe(in_view)
    REQUEST_BYTES.observe(_size_of_body(request))
    if not answer.streaming:
        ANSWER_BYTES.observe(len(answer.content))


def view_of(request: HttpRequest) -> str:
    """The name of the view that was asked."""
    return getattr(request.resolver_match, "view_name", None) or "<unnamed view>"


def export(request: HttpRequest) -> HttpResponse:
    """All of it, of every process of this server."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _size_of_body(request: HttpRequest) -> int:
    stated = request.META.get("CONTENT_LENGTH") or "0"
    return int(stated) if stated.isdecimal() else 0
