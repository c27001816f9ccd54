"""`run_producer --replay` on a real broker: all of a file is sent, or nothing."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient
from django.core.management import CommandError, call_command

from events import Transaction
from native.driving.embedded import records
from transactions.replay import NAMED_AT_MOST

HEADER = "customer_id,date,amount\n"
GOOD = "".join(f"{user},2025-03-01T23:30:00+07:00,12.50\n" for user in range(1, 2500))
FORGOTTEN_FLAGS: list[tuple[str, ...]] = [
    ("--map", "date=Day"), ("--date-format", "%Y"), ("--skip-bad", "x"), ("--order-lines",), ("--prefix", "x"),
]  # fmt: skip
Wrote = Callable[[str, str], Path]


@pytest.fixture
def wrote(tmp_path: Path) -> Wrote:
    def write(name: str, text: str) -> Path:
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


def replay(file: Path, *arguments: str) -> str:
    shown = StringIO()
    call_command("run_producer", "--replay", str(file), *arguments, stdout=shown)
    return shown.getvalue()


def sent() -> list[Any]:
    return [record.event for record in records("transactions")]


def test_a_file_is_sent_whole_its_moments_in_utc(kafka: AdminClient, wrote: Wrote) -> None:
    assert "2499 orders sent and acknowledged." in replay(wrote("offset.csv", HEADER + GOOD))
    orders = sent()
    assert {order.order_id for order in orders} == {f"offset-{row:06d}" for row in range(1, 2500)}
    assert {order.timestamp for order in orders} == {datetime(2025, 3, 1, 16, 30, tzinfo=UTC)}


def test_nothing_is_sent_of_a_file_with_a_bad_row_at_its_end(kafka: AdminClient, wrote: Wrote) -> None:
    file = wrote("bad.csv", f'{HEADER}{GOOD}40001,04/02/2025,"1,234.50"\n')
    with pytest.raises(
        CommandError, match=r"1 of 2500 rows .*nothing was sent(?s:.*)row 2500 \(line 2501\), date: '04/"
    ):
        replay(file)
    assert sent() == []


def test_all_bad_rows_are_named_until_nobody_would_read_on(kafka: AdminClient, wrote: Wrote) -> None:
    with pytest.raises(CommandError) as refused:
        replay(wrote("bad.csv", HEADER + "x,2025-03-01,1\n" * 25))
    named = [line for line in str(refused.value).splitlines() if line.startswith("  row ")]
    assert len(named) == NAMED_AT_MOST
    assert "… and 5 more, the last of them row 25" in str(refused.value)


def test_bad_rows_are_written_aside_and_the_others_sent(kafka: AdminClient, wrote: Wrote, tmp_path: Path) -> None:
    file = wrote("some.csv", "customer_id;date;note;amount\n1;2025-03-01;é;1,50\n2;never;a;b;c\n3;2025-03-01;;2,50\n")
    aside = tmp_path / "aside.csv"
    assert "1 of 3 rows are set aside" in replay(file, "--skip-bad", str(aside))
    assert sorted(order.order_id for order in sent()) == ["some-000001", "some-000003"]
    header, row = csv.reader(aside.read_text("utf-8-sig").splitlines())
    assert header == ["row", "reason", "customer_id", "date", "note", "amount"]
    assert row[0] == "2"
    assert "'never' is no date" in row[1]
    assert row[2:] == ["2", "never", "a", "b", "c"]
    with pytest.raises(CommandError, match="is there already"):
        replay(file, "--skip-bad", str(aside))
    assert len(sent()) == 2


def test_a_file_sent_twice_tells_of_the_same_orders(kafka: AdminClient, wrote: Wrote) -> None:
    file = wrote(f"{'a-long-name-' * 8}.csv", HEADER + "1,2025-03-01,1\n")
    for _ in range(2):
        replay(file)
    first, second = sent()
    assert first == second
    assert len(first.order_id) <= 64


def test_the_options_say_how_to_read(kafka: AdminClient, wrote: Wrote) -> None:
    lines = [
        "Invoice Who Day Pieces Price",
        "A-1 ann@shop.example 31/12/2024 2 1.250",
        "A-1 ann@shop.example 31/12/2024 -4 1.25",
    ]
    text = "\n".join(lines).replace(" ", "\t")
    columns = "order_id=Invoice,customer_id=Who,date=Day,amount=Pieces*Price"
    how = ["--date-format", "%d/%m/%Y", "--customer-ids", "hashed", "--decimal", "point", "--order-lines", "--refunds"]
    replay(wrote("x.tsv", text), "--map", columns, *how)
    (order,) = sent()
    assert isinstance(order, Transaction)
    assert (order.order_id, order.amount, order.timestamp) == ("A-1", -2.5, datetime(2024, 12, 31, tzinfo=UTC))


@pytest.mark.parametrize("text", ["", HEADER, f"{HEADER}\n,,\n"])
def test_a_file_without_rows_is_refused(wrote: Wrote, text: str) -> None:
    with pytest.raises(CommandError, match=r"holds no order|has no column"):
        replay(wrote("empty.csv", text))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--map", "day=Day"],
        ["--map", "date"],
        ["--map", "date="],
        ["--date-format", "yyyy"],
        ["--customer-ids", "letters"],
        ["--prefix", "x" * 54],
        ["--prefix", ""],
        ["--order-lines"],
    ],
)
def test_options_that_make_no_sense_are_refused(wrote: Wrote, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        replay(wrote("f.csv", HEADER + "1,2025-03-01,1\n"), *arguments)


@pytest.mark.parametrize("arguments", FORGOTTEN_FLAGS)
def test_what_says_how_to_read_a_file_needs_one(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="needs --replay"):
        call_command("run_producer", "--rate", "1", *arguments)
