from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.http import HttpRequest
from django_structlog.signals import bind_extra_request_metadata
from structlog.contextvars import bind_contextvars

from api.addresses import client_address


class ApiConfig(AppConfig):
    name = "api"

    def ready(self) -> None:
        bind_extra_request_metadata.connect(log_address, dispatch_uid="api.log_address")


def log_address(request: HttpRequest, **_: Any) -> None:
    """Whose request it is, in each of its lines of the log."""
    address = client_address(request.META, settings.TRUSTED_PROXIES)
    bind_contextvars(ip=str(address) if address else None)
