"""When the certificates end that the parts of this installation show."""

from collections.abc import Iterator
from pathlib import Path

import structlog
from cryptography import x509
from django.conf import settings
from prometheus_client.core import GaugeMetricFamily, Metric

log = structlog.get_logger(__name__)
UNREADABLE = 0.0
"""Exported of a file that holds no certificate: its alert has to come, rather than its series to go."""


def expiry() -> Iterator[Metric]:
    """What run_monitor exports to Prometheus of the files in CERTIFICATES_WATCHED."""
    family = GaugeMetricFamily(
        "platform_certificate_expiry_timestamp_seconds",
        "When a certificate expires, in seconds since 1970; 0: its file cannot be read.",
        labels=["certificate"],
    )
    for file in settings.CERTIFICATES_WATCHED:
        family.add_metric([file.stem], ends_at(file))
    yield family


def ends_at(file: Path) -> float:
    """The first end, in seconds since 1970, among the certificates of a PEM file."""
    try:
        chain = x509.load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError) as error:
        log.warning("a certificate cannot be read", file=str(file), error=str(error))
        return UNREADABLE
    return min(certificate.not_valid_after_utc.timestamp() for certificate in chain)
