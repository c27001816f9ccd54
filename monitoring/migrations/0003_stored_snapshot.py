from django.db import migrations


class Migration(migrations.Migration):
    """The model has another name; its table keeps the one it has, so that nothing happens in the database."""

    dependencies = [
        ("monitoring", "0002_held_positions"),
    ]

    operations = [
        migrations.AlterModelTable(name="latestlook", table="monitoring_latestlook"),
        migrations.RenameModel(old_name="LatestLook", new_name="StoredSnapshot"),
    ]
