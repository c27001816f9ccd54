from tests.databases import reads_plans
from tests.growth.contract import BoundedWork, large_tables, without

__all__ = ["large_tables", "without"]


@reads_plans
class TestOnSQLite(BoundedWork):
    pass
