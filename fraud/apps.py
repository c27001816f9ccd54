from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed_apps
from django.db.models.signals import post_migrate


class FraudConfig(AppConfig):
    name = "fraud"

    def ready(self) -> None:
        # Not a data migration: Django makes permissions only after the migrations, so none would find them.
        post_migrate.connect(let_investigators_work_alerts, sender=self)


def let_investigators_work_alerts(using: str, apps: Any = installed_apps, **_: Any) -> None:
    """Investigators may see and change alerts in the admin, and nothing else there."""
    from accounts.roles import Role  # noqa: PLC0415 - not importable before the apps are ready

    try:
        group, permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    except LookupError:  # migrated back to before there were groups
        return
    investigators, _created = group.objects.using(using).get_or_create(name=Role.INVESTIGATOR)
    investigators.permissions.add(
        *permission.objects.using(using).filter(
            content_type__app_label="fraud", codename__in=["view_fraudalert", "change_fraudalert"]
        )
    )
