"""Django's admin, whose pages come with the URLs: workers show none, and start a quarter of a second sooner."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core.checks import CheckMessage, Tags, register


class AdminConfig(SimpleAdminConfig):
    """The admin; `config.urls` looks for its pages."""

    def ready(self) -> None:
        register(check_dependencies, Tags.admin)
        register(check_pages, Tags.admin)


def check_pages(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    """What Django checks of every page, once there are pages to check."""
    import_module(settings.ROOT_URLCONF)
    return check_admin_app(app_configs, **options)
