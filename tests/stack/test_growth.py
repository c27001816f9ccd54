"""What SQLite's plans say nothing of: how MySQL goes about large tables."""

from tests.growth.contract import BoundedWork, large_tables

__all__ = ["large_tables"]


class TestOnMySQL(BoundedWork):
    pass
