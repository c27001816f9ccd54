"""Workers killed at random moments, over and over: what they leave behind must still be the truth."""

import random
import signal
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from events import Status, Transaction
from native.driving.embedded import Platform, wait_until
from streaming import clients

EVENTS = 20_000
KILLS = 10
LIMIT_CENTS = 10_000_000_00


def made_up_orders(chance: random.Random) -> list[Transaction]:
    """Orders of which every tenth is far above the fraud limit, in few hours of few users."""
    start = datetime(2026, 11, 1, tzinfo=UTC)
    return [
        Transaction(
            f"kill-{number}",
            chance.randrange(200),
            chance.randint(1, 5_000_000) / 100 + (20_000_000 if number % 10 == 0 else 0),
            chance.choice(list(Status)),
            start + timedelta(seconds=chance.randrange(10 * 3600)),
        )
        for number in range(EVENTS)
    ]


@dataclass
class Victim:
    """A worker, and how many of the events it has dealt with so far."""

    arguments: tuple[str, ...]
    progress: Callable[[], int]
    process: subprocess.Popen[bytes]
    kill_at: int = 0
    kills: int = 0

    def aim(self, chance: random.Random) -> None:
        """Choose the progress at which to kill it next: somewhere within an even share of what is left."""
        done = self.progress()
        self.kill_at = done + 1 + chance.randrange(max(1, (EVENTS - done) // (KILLS + 1 - self.kills)))


def kill_when_due(victims: list[Victim], platform: Platform, chance: random.Random) -> bool:
    """Kill and start again whoever has come far enough; true once all have had their kills and have finished."""
    for victim in victims:
        if victim.kills < KILLS and victim.progress() >= victim.kill_at:
            victim.process.send_signal(signal.SIGKILL)
            victim.process.wait()
            victim.kills += 1
            victim.process = platform.start(*victim.arguments)
            victim.aim(chance)
        assert victim.process.poll() is None, platform.log(victim.arguments[0]).read_text()[-3000:]
    return all(victim.kills == KILLS and victim.progress() == EVENTS for victim in victims)


def test_totals_alerts_and_rows_survive_ten_kills_of_every_worker(platform_processes: Platform) -> None:
    seed = random.SystemRandom().getrandbits(32)
    print(f"seed {seed}")  # noqa: T201 - shown if the test fails, to look at the same events again
    chance = random.Random(seed)
    orders = made_up_orders(chance)
    fill_outbox(platform_processes, orders)

    def counting(sql: str) -> Callable[[], int]:
        return lambda: int(str(platform_processes.query(sql)[0][0]))

    def victim(progress: Callable[[], int], *arguments: str) -> Victim:
        return Victim(arguments, progress, platform_processes.start(*arguments))

    batch = ("--batch-size", "200")
    victims = [
        victim(counting(f"SELECT {EVENTS} - count(*) FROM outbox WHERE topic = 'transactions'"), "run_relay", *batch),
        victim(counting("SELECT count(*) FROM transactions"), "run_recorder", "--instance", "0", *batch),
        victim(counting("SELECT count(*) * 10 FROM fraud_fraudalert"), "run_consumer", "--instance", "0", *batch),
        victim(
            counting("SELECT coalesce(sum(transaction_count), 0) FROM analytics_hourlytotal"),
            *("run_aggregator", "--instance", "0", *batch),
        ),
    ]
    for each in victims:
        each.aim(chance)
    wait_until(lambda: kill_when_due(victims, platform_processes, chance), "all killed ten times and done", timeout=400)
    notifier = platform_processes.start("run_notifier")
    platform_processes.run("wait_for_workers")
    assert notifier.poll() is None

    assert rows(platform_processes) == {(o.order_id, o.user_id, o.cents, o.status.value) for o in orders}
    assert alerts(platform_processes) == sorted((o.order_id, o.cents) for o in orders if o.cents > LIMIT_CENTS)
    assert totals(platform_processes) == true_totals(orders)
    assert hours(platform_processes)


def fill_outbox(platform: Platform, orders: list[Transaction]) -> None:
    encode = clients.codec().encode
    with closing(sqlite3.connect(platform.database)) as database, database:
        database.executemany(
            "INSERT INTO outbox (topic, message_key, payload, created_at) VALUES ('transactions', ?, ?, ?)",
            [(str(order.user_id), encode(order), "2026-11-01 00:00:00") for order in orders],
        )


def rows(platform: Platform) -> set[tuple[object, ...]]:
    found = platform.query("SELECT order_id, user_id, CAST(round(amount * 100) AS INTEGER), status FROM transactions")
    assert len(found) == EVENTS
    return set(found)


def alerts(platform: Platform) -> list[tuple[object, ...]]:
    return sorted(platform.query("SELECT order_id, CAST(round(amount * 100) AS INTEGER) FROM fraud_fraudalert"))


def totals(platform: Platform) -> set[tuple[object, ...]]:
    return set(
        platform.query(
            "SELECT user_id, substr(datetime(hour * 3600, 'unixepoch'), 1, 13), total_cents, transaction_count,"
            " settled_cents, failed_cents FROM analytics_hourlytotal"
        )
    )


def hours(platform: Platform) -> set[tuple[object, ...]]:
    """What is kept of the whole shop's hours, and what its users' totals come to."""
    sums = "total_cents", "transaction_count", "settled_cents", "failed_cents", "refunded_cents"
    of_users = ", ".join(f"sum({name})" for name in sums)
    kept = set(platform.query(f"SELECT hour, {', '.join(sums)} FROM analytics_shophour"))
    assert kept == set(platform.query(f"SELECT hour, {of_users} FROM analytics_hourlytotal GROUP BY hour"))
    return kept


def true_totals(orders: list[Transaction]) -> set[tuple[object, ...]]:
    total: Counter[tuple[int, str]] = Counter()
    count: Counter[tuple[int, str]] = Counter()
    by_status: Counter[tuple[int, str, Status]] = Counter()
    for order in orders:
        key = (order.user_id, f"{order.timestamp:%Y-%m-%d %H}")
        total[key] += order.cents
        count[key] += 1
        by_status[*key, order.status] += order.cents
    return {
        (*key, total[key], count[key], by_status[*key, Status.SUCCESS], by_status[*key, Status.FAILED]) for key in count
    }
