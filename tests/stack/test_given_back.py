"""The same refunds, added up by MySQL."""

from tests.transactions.given_back import GivenBackContract


class TestOnMySQL(GivenBackContract):
    pass
