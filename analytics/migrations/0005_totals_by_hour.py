"""The tables that 0006 fills and 0007 puts in the place of the old ones: hours are numbers, and rows lie in their order."""

from django.db import migrations, models

import analytics.fields


def sums():
    return [
        ('total_cents', models.BigIntegerField(default=0, help_text='every record of the topic, refunds negative')),
        (
            'transaction_count',
            models.IntegerField(
                default=0, help_text='below 0 only while a correction is here before what it takes back'
            ),
        ),
        ('settled_cents', models.BigIntegerField(default=0, help_text='orders that became SUCCESS in this hour')),
        ('failed_cents', models.BigIntegerField(default=0, help_text='transactions that became FAILED in this hour')),
        (
            'refunded_cents',
            models.BigIntegerField(default=0, help_text='refunds that became SUCCESS in this hour, positive'),
        ),
    ]


class Migration(migrations.Migration):

    dependencies = [
        ('analytics', '0004_fill_shop_hours'),
    ]

    operations = [
        migrations.CreateModel(
            name='NewHourlyTotal',
            fields=[
                ('pk', models.CompositePrimaryKey('hour', 'user_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('user_id', models.PositiveIntegerField()),
                ('hour', analytics.fields.HourField(help_text='its beginning, in hours since 1970')),
                *sums(),
            ],
        ),
        migrations.CreateModel(
            name='NewShopHour',
            fields=[
                ('hour', analytics.fields.HourField(help_text='its beginning, in hours since 1970', primary_key=True, serialize=False)),
                ('total_cents', models.BigIntegerField()),
                ('transaction_count', models.BigIntegerField()),
                ('settled_cents', models.BigIntegerField()),
                ('failed_cents', models.BigIntegerField()),
                ('refunded_cents', models.BigIntegerField()),
            ],
        ),
    ]
