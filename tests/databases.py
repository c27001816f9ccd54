"""Which database the tests run on."""

import pytest
from django.conf import settings

IS_MYSQL = settings.DATABASES["default"]["ENGINE"] == "config.mysql"


def sqlite_only(why: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(IS_MYSQL, reason=why)


changes_tables = sqlite_only("MySQL commits at once when a table's definition changes")
reads_plans = sqlite_only("reads SQLite's own query plans")
