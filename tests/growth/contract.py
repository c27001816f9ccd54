"""Whatever is asked reads what it shows, and hardly more. A test class inherits it and says on which database."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from tests.growth import tables
from tests.growth.questions import QUESTIONS
from tests.growth.work import listening, too_much


@pytest.fixture(scope="module")
def large_tables(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        tables.fill()
        yield
        tables.empty()


class BoundedWork:
    @pytest.fixture(autouse=True)
    def counted(self, large_tables: None, db: None, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
        """Counts end sooner than in reality, so that they tell from looking through a whole table."""
        monkeypatch.setattr("search.database.COUNTED_UP_TO", 500)
        settings.OUTBOX_CARRIED_BY = "connect"

    @pytest.mark.parametrize("question", QUESTIONS)
    def test_no_statement_reads_or_sorts_more_than_it_shows(self, question: str) -> None:
        with listening() as statements:
            QUESTIONS[question]()
        if found := too_much(statements):
            pytest.fail("\n".join(found))

    def test_what_is_asked_without_an_index_is_found_out(self) -> None:
        with listening() as statements, connection.cursor() as cursor:
            cursor.execute(
                "SELECT order_id FROM transactions WHERE entered_as = 'PENDING' ORDER BY recorded_at LIMIT 10"
            )
            cursor.execute("SELECT count(*) FROM transactions WHERE entered_as = 'PENDING'")
        assert len(too_much(statements)) == 2
