from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed_apps
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import known_tokens  # noqa: PLC0415 - not importable before the apps are ready

        post_migrate.connect(make_groups, dispatch_uid="accounts.make_groups")
        known_tokens.watch()


def make_groups(using: str, apps: Any = installed_apps, **_: Any) -> None:
    """Every role has its group in every database, also in the tests'."""
    from accounts.roles import Role  # noqa: PLC0415 - not importable before the apps are ready

    try:
        group = apps.get_model("auth", "Group")
    except LookupError:  # migrated back to before there were groups
        return
    for role in Role:
        group.objects.using(using).get_or_create(name=role)
