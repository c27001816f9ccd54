"""Ten thousand orders by both doors, given back in parts by several people at once, while every process is killed.

Afterwards all stages agree to the cent, and of no order more was given back than it is over.
"""

import json
import random
import signal
import sqlite3
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

import psutil
import pytest

from native.driving.embedded import Platform, wait_until
from tests.served import gunicorn
from tests.survival.refunding import Shop, Told

ORDERS, STEPS, PEOPLE, KILLS = 10_000, 4_000, 4, 4
WORKERS = {
    "run_relay": ("--batch-size", "200"),
    "run_recorder": ("--instance", "0", "--batch-size", "200"),
    "run_consumer": ("--instance", "0", "--batch-size", "200"),
    "run_aggregator": ("--instance", "0", "--batch-size", "200"),
}
API = "a process of the API"
STANDING = """
    WITH parts AS (
        SELECT refund_of, status, CAST(round(-amount * 100) AS INTEGER) AS cents FROM transactions WHERE kind = 'REFUND'
    )
    SELECT order_id, o.status, CAST(round(amount * 100) AS INTEGER), CAST(round(refunded_amount * 100) AS INTEGER),
        coalesce(sum(CASE WHEN parts.status != 'FAILED' THEN cents END), 0),
        coalesce(sum(CASE WHEN parts.status = 'SUCCESS' THEN cents END), 0)
    FROM transactions o LEFT JOIN parts ON parts.refund_of = order_id WHERE kind = 'ORDER' GROUP BY order_id"""


@dataclass(frozen=True)
class Order:
    order_id: str
    status: str
    cents: int
    says: int
    """how much of it was refunded, or is on its way, as its own row has it"""
    standing: int
    """what its refunds come to that have not failed"""
    succeeded: int

    @property
    def is_right(self) -> bool:
        is_whole = self.succeeded == self.cents
        return self.says == self.standing <= self.cents and is_whole == (self.status == "REFUNDED")


class Reaper:
    """Kills every worker and a process of the API, each so often, spread over what the shop does."""

    def __init__(self, platform: Platform, api: psutil.Process, chance: random.Random) -> None:
        self._platform, self._api = platform, api
        self._running = {name: platform.start(name, *options) for name, options in WORKERS.items()}
        share = STEPS / KILLS
        due = [((n + chance.random() * 0.9) * share, name) for n in range(KILLS) for name in (*WORKERS, API)]
        self._due = sorted(due, reverse=True)

    def kill_when_due(self, steps: int) -> bool:
        """Whether all have been killed who were to be."""
        while self._due and self._due[-1][0] <= steps:
            self._kill(self._due.pop()[1])
        for name, process in self._running.items():
            assert process.poll() is None, self._platform.log(name).read_text()[-3000:]
        return not self._due

    def _kill(self, name: str) -> None:
        if name == API:
            self._api.children()[0].send_signal(signal.SIGKILL)  # its parent starts another one
            return
        killed: subprocess.Popen[bytes] = self._running[name]
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        self._running[name] = self._platform.start(name, *WORKERS[name])


def test_no_order_gives_back_too_much_and_all_agree_whoever_is_killed(platform_processes: Platform) -> None:
    seed = random.SystemRandom().getrandbits(32)
    print(f"seed {seed}")  # noqa: T201 - shown if the test fails
    token = json.loads(platform_processes.run("make_demo_accounts"))["shop"]["token"]
    log = platform_processes.log("gunicorn")
    with (
        gunicorn(platform_processes.environment, log, "-w2", "--no-control-socket") as server,
        ThreadPoolExecutor(1) as aside,
    ):
        reaper = Reaper(platform_processes, server.process, random.Random(seed))
        shop = Shop(server.port, token, ORDERS, seed)
        work = aside.submit(shop.work, PEOPLE, STEPS)
        wait_until(lambda: reaper.kill_when_due(shop.told.steps) or work.done(), "all were killed", timeout=900)
        work.result()
        assert reaper.kill_when_due(STEPS)
        platform_processes.start("run_notifier")
        platform_processes.run("wait_for_workers", "--timeout", "240")
    assert "All agree." in platform_processes.run("reconcile", "--settle", "0")
    assert_refunds_are_what_was_told(platform_processes, shop.told)
    assert_a_cent_too_much_would_be_seen(platform_processes)


def assert_a_cent_too_much_would_be_seen(platform: Platform) -> None:
    ((order_id,),) = platform.query("SELECT order_id FROM transactions WHERE refunded_amount > 0 LIMIT 1")
    change = "UPDATE transactions SET refunded_amount = refunded_amount + 0.01 WHERE order_id = ?"
    with closing(sqlite3.connect(platform.database, timeout=30)) as database, database:
        database.execute(change, [order_id])
    with pytest.raises(AssertionError, match=f"(?s){order_id}: says that .*1 mismatches; "):
        platform.run("reconcile", "--settle", "0", "--only", "refunds")


def assert_refunds_are_what_was_told(platform: Platform, told: Told) -> None:
    orders = [Order(*row) for row in platform.query(STANDING)]  # type: ignore[arg-type]
    assert len(orders) == told.orders >= ORDERS
    assert [each for each in orders if not each.is_right] == []
    statuses = {
        str(order_id): status for order_id, status in platform.query("SELECT order_id, status FROM transactions")
    }
    assert told.refunds.keys() <= statuses.keys()
    became = {order_id: statuses[order_id] for order_id in told.outcomes}
    differing = {order_id for order_id, status in became.items() if status not in (told.outcomes[order_id], "REFUNDED")}
    assert differing == set()
    # All of it has happened, and often.
    assert sum(0 < each.succeeded < each.cents for each in orders) > 100
    assert sum(each.status == "REFUNDED" for each in orders) > 100
    assert sum(statuses[each] == "FAILED" for each in told.refunds) > 100
    assert min(told.statuses["refund", 409], told.statuses["refund", 201], told.statuses["status", 200]) > 100
