import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

import pytest

from compose.docker import first_order

ACCOUNTS = {"shop": {"token": "of-the-shop"}, "investigator": {"token": "of-the-investigator"}}


class Shop(BaseHTTPRequestHandler):
    """An API in which each stage comes when it has been asked for as often as it is told."""

    waits: ClassVar[dict[str, int]] = {}
    ordered = False

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer()

    def answer(self) -> None:
        stage = self.path.split("?")[0].split("/")[1]
        token = self.headers["Authorization"].removeprefix("Bearer ")
        if token != ACCOUNTS["investigator" if stage == "fraud" else "shop"]["token"]:
            self.send(401, {})
        elif self.path == "/transactions":
            type(self).ordered = True
            self.send(201, {"order_id": "o-1"})
        else:
            self.send(200, self.of_stage(stage))

    def of_stage(self, stage: str) -> Any:
        come = self.ordered and self.has_come(stage)
        answers: dict[str, Any] = {
            "fraud": {"results": [{"order_id": "older"}, *([{"order_id": "o-1"}] if come else [])]},
            "analytics": {"sums": {"transaction_count": 7 + come}},
            "search": {"transactions": [{"order_id": "o-1"}] if come else []},
        }
        return answers[stage]

    def has_come(self, stage: str) -> bool:
        self.waits[stage] -= 1
        return self.waits[stage] < 0

    def send(self, status: int, body: Any) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Shop]]:
    Shop.waits |= {"fraud": 2, "analytics": 1, "search": 3}
    Shop.ordered = False
    with ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        monkeypatch.setattr(first_order, "API", f"http://127.0.0.1:{server.server_port}")
        serving = Thread(target=server.serve_forever)
        serving.start()
        yield Shop
        server.shutdown()
        serving.join()


def test_an_order_is_followed_until_all_has_come(shop: type[Shop]) -> None:
    said: list[str] = []
    first_order.follow(ACCOUNTS, said.append)
    assert said[0] == f"order o-1 of {first_order.AMOUNT} is recorded"
    assert [line.partition(":")[0] for line in said[1:]] == ["its hourly total", "its fraud alert", "its search hit"]


def test_what_does_not_come_is_named(shop: type[Shop]) -> None:
    shop.waits["search"] = 10**9
    with pytest.raises(TimeoutError, match="these did not come: its search hit"):
        first_order.follow(ACCOUNTS, lambda _: None, patience=0.5)


def test_accounts_that_are_not_known_are_told_apart(shop: type[Shop]) -> None:
    with pytest.raises(first_order.Refused):
        first_order.follow({name: {"token": "of before"} for name in ACCOUNTS}, lambda _: None)
    assert not shop.ordered
