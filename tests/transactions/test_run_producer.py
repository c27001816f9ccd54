"""`run_producer --rate` on a real broker: the orders of its seed, at its rate, and nothing that it does not tell."""

import re
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from itertools import islice
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient
from django.core.management import CommandError, call_command

from events import Transaction
from native.driving.embedded import Platform, records, wait_until
from streaming.inspecting.lag import end_offsets
from streaming.producing import pipelining
from transactions.management.commands.run_producer import in_portions
from transactions.simulator import BLOCK, mock_blocks, mock_orders

START = datetime(2026, 11, 22, 12, tzinfo=UTC)


def produce(*arguments: str) -> str:
    shown = StringIO()
    call_command("run_producer", *arguments, stdout=shown)
    return shown.getvalue()


def sent() -> dict[int, list[Transaction]]:
    """The orders of each user in the topic, in order."""
    orders: dict[int, list[Transaction]] = {}
    for record in records("transactions"):
        orders.setdefault(record.event.user_id, []).append(record.event)
    return orders


def count(kafka: AdminClient) -> int:
    """How many records the topic has ever had."""
    return sum(end_offsets(kafka, [("transactions", number) for number in range(3)]).values())


def of_users(orders: Iterator[Transaction]) -> dict[int, list[Transaction]]:
    found: dict[int, list[Transaction]] = {}
    for order in orders:
        found.setdefault(order.user_id, []).append(order)
    return found


@pytest.mark.parametrize(("rate", "count"), [(1000, 250), (1_000_000, 2 * BLOCK + 5)])
def test_the_orders_of_a_seed_are_sent_in_the_order_of_each_user(kafka: AdminClient, rate: int, count: int) -> None:
    told = produce("--rate", str(rate), "--count", str(count), "--seed", "7", "--start", START.isoformat())
    assert f"{count} orders sent and acknowledged." in told
    assert sent() == of_users(islice(mock_orders(seed=7, start=START, per_second=rate), count))


def test_each_acknowledgement_is_shown_to_who_asks_for_it(kafka: AdminClient) -> None:
    told = produce("--rate", "1000", "--count", "5", "--verbosity", "2")
    assert len(re.findall(r"^acknowledged: transactions\[\d\]@\d+, key '\d+'$", told, re.MULTILINE)) == 5


def test_no_order_is_sent_before_it_was_placed(kafka: AdminClient) -> None:
    produce("--rate", "400", "--count", "201")
    assert [each for each in records("transactions") if each.event.timestamp > each.received_at] == []


@pytest.mark.parametrize("most", [1, 99, 100, 101, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 150])
def test_portions_are_of_all_orders_and_no_more(most: int) -> None:
    portions = list(in_portions(mock_blocks(seed=1, start=START, per_second=9), 100, most))
    assert max(map(len, portions)) <= 100
    orders = [order for portion in portions for order in portion.transactions()]
    assert orders == list(islice(mock_orders(seed=1, start=START, per_second=9), most))


def test_without_a_count_there_is_no_end() -> None:
    portions = in_portions(mock_blocks(seed=1, start=START, per_second=9), BLOCK, None)
    assert [len(portion) for portion in islice(portions, 3)] == [BLOCK] * 3


def test_who_is_told_to_end_has_delivered_all_that_it_sent(kafka: AdminClient, platform_processes: Platform) -> None:
    before = count(kafka)
    process = platform_processes.start("run_producer", "--rate", "100000")
    wait_until(lambda: count(kafka) > before + BLOCK, "it sends")
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    log = platform_processes.log("run_producer").read_text()
    told = re.search(r"^(\d+) orders sent and acknowledged", log, re.MULTILINE)
    assert told
    assert int(told[1]) == count(kafka) - before


def test_what_was_not_delivered_is_told(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.KAFKA = {"bootstrap.servers": "127.0.0.1:1"}
    monkeypatch.setattr(pipelining, "SEND_TIMEOUT_SECONDS", 1)
    with pytest.raises(CommandError, match=r"of 3 records 3 were refused; transactions key b'\d+': .*_MSG_TIMED_OUT"):
        produce("--rate", "1000", "--count", "3")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--rate", "0"],
        ["--rate", "-1"],
        ["--rate", "x"],
        [],
        ["--rate", "1", "--count", "0"],
        ["--rate", "1", "--seed", "-1"],
        ["--rate", "1", "--start", "2100-01-01"],
    ],
)
def test_the_producer_refuses_what_makes_no_sense(arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("run_producer", *arguments)
