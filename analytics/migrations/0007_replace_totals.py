from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('analytics', '0006_move_totals'),
        # Renaming a model renames what is told of it there, also on the way back.
        ('contenttypes', '0002_remove_content_type_name'),
    ]

    operations = [
        # Made when the rows are there: in the order of hours they fall on any page of it.
        migrations.AddIndex('NewHourlyTotal', models.Index(fields=['user_id', 'hour'], name='totals_of_a_user')),
        migrations.DeleteModel('HourlyTotal'),
        migrations.DeleteModel('ShopHour'),
        migrations.RenameModel('NewHourlyTotal', 'HourlyTotal'),
        migrations.RenameModel('NewShopHour', 'ShopHour'),
    ]
