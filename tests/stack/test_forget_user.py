"""Forgetting a person on MySQL, beside a real Elasticsearch."""

from search.index import SearchIndex
from search.selectors import rows_in_batches
from search.services import index_changes
from tests.privacy.contract import ForgettingContract, forget
from tests.privacy.life import USER, WORDS
from transactions.models import Transaction


class TestOnMySQL(ForgettingContract):
    def test_it_says_how_long_the_binlog_has_what_was_erased(self) -> None:
        assert "Kept for 7 days in MySQL's binlog: the rows as they were." in forget()

    def test_the_index_has_numbers_before_and_after(self, search_index: SearchIndex) -> None:
        search_index.prepare()
        forget()
        for rows in rows_in_batches():
            index_changes(index=search_index, changes=rows)
        search_index.elasticsearch.indices.refresh(index=search_index.alias)
        found = search_index.elasticsearch.search(index=search_index.alias, size=100)["hits"]["hits"]
        assert len(found) == Transaction.objects.count()
        assert {each["_source"]["user_id"] for each in found} >= {USER}
        assert [word for word in WORDS.values() if word.lower() in str(found).lower()] == []
