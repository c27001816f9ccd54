from tests.transactions.given_back import GivenBackContract


class TestOnSQLite(GivenBackContract):
    pass
