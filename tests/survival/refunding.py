"""A shop whose people order, pay and give back by both doors at once, several of them on the same orders."""

import http.client
import json
import random
import time
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Lock
from typing import Any
from uuid import uuid4

from events import Status, Transaction
from events.time import whole_millis
from native.driving.stages import moment
from streaming.producing.publish import send_to_topics

PATIENCE_SECONDS = 120
AT_ONCE = 25
"""orders that are made together, all by the same door"""
LATEST = 100
"""Orders on which somebody acts: few enough for several to meet on one."""
DECISIVE = (Status.SUCCESS, Status.FAILED)


class Caller:
    """One who calls the API, and calls again under the same key if a process of it was killed meanwhile."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._connection: http.client.HTTPConnection | None = None

    def call_until_answered(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and answer; headers: with _ for -."""
        key, deadline = (
            {"Idempotency-Key": str(uuid4())} if method != "GET" else {},
            time.monotonic() + PATIENCE_SECONDS,
        )
        more = {name.replace("_", "-"): value for name, value in headers.items()} | key
        while True:
            try:
                status, answer = self.call(method, path, body, more)
            except (OSError, http.client.HTTPException) as error:
                status, answer = 0, str(error)
            if status not in (0, 503):
                return status, answer
            assert time.monotonic() < deadline, (method, path, status, answer)

    def call(self, method: str, path: str, body: Any = None, headers: Any = None) -> tuple[int, Any]:
        connection = self._connection or http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        self._connection = None  # until it has answered
        connection.request(method, path, json.dumps(body) if body else None, self._headers | (headers or {}))
        answer = connection.getresponse()
        content = json.loads(answer.read())
        if isinstance(content, dict):
            content["ETag"] = answer.headers["ETag"]
        self._connection = connection
        return answer.status, content


@dataclass
class Told:
    """What callers were told, and how often which status."""

    refunds: dict[str, Transaction] = field(default_factory=dict)
    """that were made, as they were at first"""
    outcomes: dict[str, str] = field(default_factory=dict)
    """statuses that the API says that it has given"""
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    steps: int = 0
    orders: int = 0


class Shop:
    """Several people, each with a thread; `told` is what all of them have seen."""

    def __init__(self, port: int, token: str, orders: int, seed: int) -> None:
        self._port, self._token, self._wanted, self._seed = port, token, orders, seed
        self._lock, self._kafka = Lock(), Lock()
        self._latest: deque[Transaction] = deque(maxlen=LATEST)
        self.told = Told()

    def work(self, people: int, steps: int) -> None:
        """Make all orders, and act so often on those made last."""
        with ThreadPoolExecutor(people) as pool:
            list(pool.map(lambda number: self._work_of(number, steps // people), range(people)))

    def _work_of(self, number: int, steps: int) -> None:
        person = Person(self, Caller(self._port, self._token), random.Random(self._seed + number))
        for step in range(steps):
            while self.told.orders < self._wanted and self.told.orders * steps <= self._wanted * step:
                person.order()
            person.act()
            with self._lock:
                self.told.steps += 1

    def send(self, *tellings: Transaction) -> None:
        with self._kafka:
            send_to_topics(tellings)

    def note_orders(self, orders: list[Transaction]) -> None:
        with self._lock:
            self.told.orders += len(orders)
            self._latest.extend(orders)

    def note(self, what: str, status: int) -> None:
        with self._lock:
            self.told.statuses[what, status] += 1

    def one_of_the_latest(self, chance: random.Random) -> Transaction:
        with self._lock:
            return chance.choice(self._latest)


class Person:
    def __init__(self, shop: Shop, caller: Caller, chance: random.Random) -> None:
        self._shop, self._caller, self._chance = shop, caller, chance

    def order(self) -> None:
        orders = [self._order() for _ in range(AT_ONCE)]
        if self._chance.random() < 0.5:
            self._shop.send(*orders)
        else:
            values = [
                {"order_id": o.order_id, "user_id": o.user_id, "amount": f"{o.amount:.2f}", "status": o.status.value,
                 "timestamp": o.timestamp.isoformat()}
                for o in orders
            ]  # fmt: skip
            status, answer = self._caller.call_until_answered("POST", "/transactions", values)
            assert status == 201, answer
        self._shop.note_orders(orders)

    def _order(self) -> Transaction:
        huge = 20_000_000 if self._chance.random() < 0.02 else 0
        status = self._chance.choices([*Status], [2 if each is Status.SUCCESS else 1 for each in Status])[0]
        amount = self._chance.randint(1, 50_00) / 100 + huge
        return Transaction(str(uuid4()), self._chance.randrange(100), amount, status, whole_millis(datetime.now(UTC)))

    def act(self) -> None:
        order = self._shop.one_of_the_latest(self._chance)
        draw = self._chance.random()
        if order.status == Status.PENDING and draw < 0.5:
            self._decide(order, self._chance.choice(DECISIVE))
        elif draw < 0.85:
            self._refund(order)
        elif draw < 0.95:
            self._refund_all_in_two(order)
        else:
            self._put(order, "REFUNDED")

    def _refund(self, order: Transaction) -> None:
        """A part, which is sometimes more than is left, sometimes all that is; some of them fail later."""
        begins = self._chance.choice([Status.SUCCESS, Status.PENDING, Status.PENDING])
        refund = self._made(order, begins, all_that_is_left=self._chance.random() < 0.1)
        if refund and begins == Status.PENDING:
            self._decide(refund, self._chance.choice(DECISIVE))

    def _refund_all_in_two(self, order: Transaction) -> None:
        """What is left is on its way, in two parts; then the outcome of both is told at once."""
        parts = [self._made(order, Status.PENDING, all_that_is_left=rest) for rest in (False, True)]
        made = [part for part in parts if part]
        self._shop.send(*(replace(part, status=self._chance.choice(DECISIVE)) for part in made))

    def _made(self, order: Transaction, begins: Status, *, all_that_is_left: bool) -> Transaction | None:
        """The refund as it was made; None: it was refused."""
        part = self._chance.randint(1, max(1, order.cents * 3 // 5)) / 100
        body = {} if all_that_is_left else {"amount": f"{part:.2f}"}
        path = f"/transactions/{order.order_id}/refunds"
        status, answer = self._caller.call_until_answered("POST", path, {"status": begins.value, **body})
        self._note("refund", status, answer)
        if status != 201:
            return None
        at = moment(answer["timestamp"])
        refund = Transaction(answer["order_id"], order.user_id, float(answer["amount"]), begins, at)
        self._shop.told.refunds[refund.order_id] = refund
        return refund

    def _decide(self, pending: Transaction, outcome: Status) -> None:
        """By one of the doors, or by both: then both may say something else."""
        door = self._chance.random()
        if door < 0.5:
            self._shop.send(replace(pending, status=outcome))
        if door > 0.4:
            self._put(pending, outcome.value if door > 0.45 else self._chance.choice(DECISIVE).value)

    def _put(self, order: Transaction, wanted: str) -> None:
        path, condition = f"/transactions/{order.order_id}", {}
        if self._chance.random() < 0.5:
            status, answer = self._caller.call_until_answered("GET", path)
            condition = {"If_Match": answer["ETag"]} if status == 200 else {}
        status, answer = self._caller.call_until_answered("PUT", f"{path}/status", {"status": wanted}, **condition)
        self._note("status", status, answer)
        if status == 200:
            self._shop.told.outcomes[order.order_id] = wanted

    def _note(self, what: str, status: int, answer: Any) -> None:
        # 404: an order that was sent to the topic, and has not come to the table yet.
        assert status in (200, 201, 404, 409, 412), answer
        self._shop.note(what, status)
