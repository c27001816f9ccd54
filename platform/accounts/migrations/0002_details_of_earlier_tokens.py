"""Tokens that were made before there were details get theirs: their owners see them, and can revoke them."""

from typing import Any

from django.db import migrations

AT_ONCE = 500


def add_details(apps: Any, schema_editor: Any) -> None:
    details = apps.get_model("accounts", "TokenDetails")
    without = apps.get_model("knox", "AuthToken").objects.filter(details=None).order_by("created", "pk")
    tokens = list(without.values_list("pk", flat=True))
    details.objects.bulk_create([details(token_id=token) for token in tokens], batch_size=AT_ONCE)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_token_details")]
    operations = [migrations.RunPython(add_details, migrations.RunPython.noop)]
