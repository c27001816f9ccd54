"""A shop's own program: it calls the API, and tries again under the same key until it gets an answer that counts."""

import random
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock
from typing import Any
from uuid import uuid4

from native.driving.expected import Expected
from native.driving.running import RunningCluster
from native.driving.stages import moment

PATIENCE_SECONDS = 120


class Shop:
    """Its calls, and what they must have brought about."""

    def __init__(self, cluster: RunningCluster, expected: Expected, seed: int) -> None:
        self._cluster = cluster
        self._expected = expected
        self._chance = random.Random(seed)
        self._lock = Lock()
        self.calls = 0
        self.repeated = 0

    def work_off(self, orders: int, threads: int = 4) -> None:
        """For each order up to four calls: create it, decide it if it is pending, refund some that are paid."""
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(self.one_order, range(orders)))

    def keep_ordering(self, until: Event, threads: int = 2) -> None:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda _: self._order_until(until), range(threads)))

    def _order_until(self, until: Event) -> None:
        while not until.is_set():
            self.one_order()
            until.wait(0.05)

    def one_order(self, _: int = 0) -> None:
        with self._lock:
            user, draw = self._chance.randrange(1, 300), self._chance.random()
            huge = 20_000_000_00 if self._chance.random() < 0.01 else 0
            amount = (self._chance.randint(1, 5_000_00) + huge) / 100
        status = "SUCCESS" if draw < 0.4 else "PENDING"
        order = self._call("POST", "/transactions", {"user_id": user, "amount": f"{amount:.2f}", "status": status})
        order_id = order["order_id"]
        with self._lock:
            self._expected.transaction(order_id, user, order["amount"], status, moment(order["timestamp"]))
        if status == "PENDING":
            status = "FAILED" if draw > 0.9 else "SUCCESS"
            self._change(order_id, status)
        if status == "SUCCESS" and 0.3 < draw < 0.7:
            if draw < 0.5 and order["amount"] != "0.01":
                self._refund(order_id, {"amount": "0.01", "reason": "RETURNED"})
            self._change(order_id, "REFUNDED")

    def _change(self, order_id: str, status: str) -> None:
        answer = self._call("PUT", f"/transactions/{order_id}/status", {"status": status})
        with self._lock:
            self._expected.change(order_id, status, moment(answer["updated_at"]))
            if refund := answer["refund"]:
                self._expect_refund(refund)

    def _refund(self, order_id: str, body: Any) -> None:
        refund = self._call("POST", f"/transactions/{order_id}/refunds", body)
        with self._lock:
            self._expect_refund(refund)

    def _expect_refund(self, refund: Any) -> None:
        at = moment(refund["timestamp"])
        self._expected.transaction(refund["order_id"], refund["user_id"], refund["amount"], "SUCCESS", at)

    def _call(self, method: str, path: str, body: Any) -> Any:
        """The answer of a call that was carried out, once, however often it had to be sent."""
        key, deadline = str(uuid4()), time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                status, answer = self._cluster.call("shop", method, path, body, key=key)
            except OSError as error:
                status, answer = 0, str(error)
            if status in (200, 201):
                with self._lock:
                    self.calls += 1
                return answer
            assert status in (0, 429, 503), (method, path, body, status, answer)
            assert time.monotonic() < deadline, f"no answer for {PATIENCE_SECONDS} s, the last one {status}: {answer}"
            with self._lock:
                self.repeated += 1
            time.sleep(0.5)


def percentile(values: Iterable[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * len(ordered)))]
