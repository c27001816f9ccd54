from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('analytics', '0006_move_totals'),
        # Renaming a model renames what is told of it there, also on the way back.
        ('contenttypes', '0002_remove_content_type_name'),
    ]

    operations = [
        migrations.DeleteModel('HourlyTotal'),
        migrations.DeleteModel('ShopHour'),
        migrations.RenameModel('NewHourlyTotal', 'HourlyTotal'),
        migrations.RenameModel('NewShopHour', 'ShopHour'),
    ]
