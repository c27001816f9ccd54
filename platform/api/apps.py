from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed_apps
from django.conf import settings
from django.db.models.signals import post_migrate
from django.http import HttpRequest
from django_structlog.signals import bind_extra_request_metadata
from structlog.contextvars import bind_contextvars

from api.addresses import client_address


class ApiConfig(AppConfig):
    name = "api"

    def ready(self) -> None:
        post_migrate.connect(make_groups, dispatch_uid="api.make_groups")
        bind_extra_request_metadata.connect(log_address, dispatch_uid="api.log_address")


def make_groups(using: str, apps: Any = installed_apps, **_: Any) -> None:
    """Every role has its group in every database, also in the tests'."""
    from api.roles import Role  # noqa: PLC0415 - not importable before the apps are ready

    try:
        group = apps.get_model("auth", "Group")
    except LookupError:  # migrated back to before there were groups
        return
    for role in Role:
        group.objects.using(using).get_or_create(name=role)


def log_address(request: HttpRequest, **_: Any) -> None:
    """Whose request it is, in each of its lines of the log."""
    address = client_address(request.META, settings.TRUSTED_PROXIES)
    bind_contextvars(ip=str(address) if address else None)
