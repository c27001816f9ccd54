"""Elasticsearch that takes longer than it may; tests/stack/test_search.py asks a real one everything else."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

import pytest

from database.time_limit import TookTooLong
from search.backends import SearchUnavailable
from search.elastic import ElasticsearchSearch
from search.query import Query

PART = {
    "took": 2001,
    "timed_out": True,
    "_shards": {"total": 1, "successful": 1, "failed": 0},
    "hits": {"total": {"value": 1, "relation": "gte"}, "hits": []},
}


def refusal(reason: str) -> dict[str, Any]:
    """As Elasticsearch answers where a part of an answer is none."""
    cause = {"type": "query_phase_execution_exception", "reason": reason}
    return {"error": {"root_cause": [cause], "type": "search_phase_execution_exception"}, "status": 503}


class Slow(BaseHTTPRequestHandler):
    status: ClassVar[int]
    answer: ClassVar[dict[str, Any]]
    asked: ClassVar[list[dict[str, Any]]] = []

    def do_POST(self) -> None:
        self.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        body = json.dumps(self.answer).encode()
        self.send_response(self.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def slow() -> Iterator[ElasticsearchSearch]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    Thread(target=server.serve_forever, daemon=True).start()
    yield ElasticsearchSearch.of(f"http://127.0.0.1:{server.server_port}/transactions")
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("status", "answer"), [(200, PART), (503, refusal("Time exceeded"))], ids=["part", "refusal"])
def test_what_it_found_in_time_is_no_answer(
    slow: ElasticsearchSearch, settings: Any, status: int, answer: dict[str, Any]
) -> None:
    settings.QUERY_SECONDS = 2
    Slow.status, Slow.answer = status, answer
    with pytest.raises(TookTooLong, match="2 seconds to find: narrow it"):
        slow.search(Query())
    assert Slow.asked[-1].items() >= {"timeout": "2s", "track_total_hits": 10_000}.items()


def test_another_refusal_is_an_outage(slow: ElasticsearchSearch) -> None:
    Slow.status, Slow.answer = 503, refusal("all shards failed")
    with pytest.raises(SearchUnavailable):
        slow.search(Query())
