"""Files as other people's programs write them. Samples of known datasets have their shape, and rows of our own."""

import codecs
import gzip
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from events import Status, Transaction
from transactions.cells import hashed_customer, moments, prefixed_customers
from transactions.purchase_files import Found, read_purchases, rows_to_set_aside
from transactions.purchases import Reading, order_prefix
from transactions.sheets import Unreadable, open_sheet

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
Wrote = Callable[..., Path]

ONLINE_RETAIL = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
600001,1A,"LAMP, RED",6,12/1/2010 8:26,2.55,17850,United Kingdom
600001,2B,MUG,2,12/1/2010 8:26,0.1,17850.0,United Kingdom
C600002,1A,"LAMP, RED",-1,12/1/2010 9:41,2.55,14527,United Kingdom
600003,3C,BOX,4,12/1/2010 9:45,1.25,,United Kingdom
"""
ONLINE_RETAIL_READING = Reading(
    columns={
        "order_id": "InvoiceNo",
        "date": "InvoiceDate",
        "customer_id": "CustomerID",
        "amount": "Quantity*UnitPrice",
    },
    moment=moments("%m/%d/%Y %H:%M"),
    order_lines=True,
    refunds=True,
)
PAYSIM = """step,type,amount,nameOrig,oldbalanceOrg,newbalanceOrig,nameDest,oldbalanceDest,newbalanceDest,isFraud
1,PAYMENT,9839.64,C1231006815,170136.0,160296.36,M1979787155,0.0,0.0,0
26,TRANSFER,181.0,C840083671,181.0,0.0,C38997010,21182.0,0.0,1
"""
OLIST = """order_id,customer_id,order_purchase_timestamp,payment_value
"e481f51cbdc54678b7cc49136f2d6af7","9ef432eb6251297304e76186b10a928d","2017-10-02 10:56:33",18.12
"e481f51cbdc54678b7cc49136f2d6af7","9ef432eb6251297304e76186b10a928d","2017-10-02 10:56:33",20.59
"""


@pytest.fixture
def wrote(tmp_path: Path) -> Wrote:
    """Writes a file, from text in an encoding or from bytes."""

    def write(content: str | bytes, name: str = "f.csv", encoding: str = "utf-8") -> Path:
        file = tmp_path / name
        file.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
        return file

    return write


def found_in(file: Path, reading: Reading | None = None) -> Found:
    reading = reading or Reading()
    return read_purchases(open_sheet(file, reading.wanted), reading, NOW)


def orders(file: Path, reading: Reading | None = None) -> list[Transaction]:
    found = found_in(file, reading)
    assert [str(bad) for bad in found.bad.values()] == []
    return list(found.purchases)


def paid(order_id: str, user_id: int, amount: float, *moment: int) -> Transaction:
    return Transaction(order_id, user_id, amount, Status.SUCCESS, datetime(*moment, tzinfo=UTC))  # type: ignore[arg-type, misc]


def test_purchases_become_paid_orders_at_midnight_of_their_day(wrote: Wrote) -> None:
    file = wrote("customer_id,date,quantity,amount\n1,1997-01-01,1,11.77\n2,1997-01-12,5,77.00\n", "cdnow.csv")
    assert orders(file) == [paid("cdnow-000001", 1, 11.77, 1997, 1, 1), paid("cdnow-000002", 2, 77.0, 1997, 1, 12)]


TEXT = "name,customer_id,date,amount\nJosé,4004,2025-03-01,12.50\n"
JOSE = [paid("f-000001", 4004, 12.5, 2025, 3, 1)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_the_encoding_is_found_out(wrote: Wrote, encoding: str) -> None:
    assert orders(wrote(TEXT, encoding=encoding)) == JOSE


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found_out(wrote: Wrote, separator: str) -> None:
    assert orders(wrote(TEXT.replace(",", separator))) == JOSE


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_any_end_of_lines_will_do(wrote: Wrote, line_end: str) -> None:
    assert orders(wrote(TEXT.replace("\n", line_end))) == JOSE


@pytest.mark.parametrize(
    "text",
    [
        'sep=;\ncustomer_id;date;amount\n4004;2025-03-01;"12,50"\n',
        "\ncustomer_id;date;amount\n;;\n4004;2025-03-01;12,50\n;;\n\n",
        "AMOUNT,Customer ID,Date\n12.50,4004,2025-03-01\n",
        "CustomerID, amount, date\n4004, 12.50, 2025-03-01\n",
        'customer_id,date,note,amount\n4004,2025-03-01,"one\ntwo, ""three""",12.50\n',
        "customer_id,date,amount\n4004,2025-03-01,12.50,,\n",
        '"customer_id","date","amount"\n"4004","2025-03-01","12.50"',
    ],
)
def test_files_of_spreadsheets_are_read_as_they_are(wrote: Wrote, text: str) -> None:
    assert orders(wrote(text)) == JOSE


def test_a_packed_file_is_read_whatever_its_name(wrote: Wrote) -> None:
    assert orders(wrote(gzip.compress(TEXT.encode()), "f.csv.gz")) == JOSE
    assert orders(wrote(gzip.compress(TEXT.encode()), "f.csv")) == JOSE


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"PK\x03\x04 and so on", "is a workbook: open it, choose Save As"),
        (b"\xd0\xcf\x11\xe0 and so on", "is a workbook"),
        (TEXT.encode() + "Jos\xe9 again".encode("cp1252"), "or in more than one of them"),
        (b"\x01\x02\x03\xff", "is no text"),
        (b"customer_id,date,amount\n1,2025-03-01,5\0\n", "is no text"),
        (codecs.BOM_UTF16_LE + b"a", "is no text"),
        (gzip.compress(TEXT.encode(), mtime=0)[:-12], "is cut short or damaged"),
        (b'customer_id,date,amount\n1,"2025-03-01,5\n', "do its quotes match"),
        (b"", "has no column customer_id and no column date and no column amount"),
        (b"1,1997-01-01,11.77\n", "there are 1, 1997-01-01, 11.77 .read as UTF-8, separated by commas."),
        (b"id;Date;Total\n1;2025-01-01;5\n", "no column customer_id and no column amount.*semicolons.*--map"),
        (b"customer_id,Customer ID,date,amount\n", "has 2 columns named customer_id"),
    ],
)
def test_a_file_that_is_no_table_of_purchases_is_refused_in_a_sentence(
    wrote: Wrote, content: bytes, sentence: str
) -> None:
    with pytest.raises(Unreadable, match=sentence):
        found_in(wrote(content))


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="No such file"):
        found_in(tmp_path / "none.csv")
    with pytest.raises(Unreadable, match="is no file"):
        found_in(tmp_path)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("x,1997-01-01,11.77", "customer_id: 'x' is no whole number"),
        (",1997-01-01,11.77", "customer_id: '' is no whole number"),
        ("-1,1997-01-01,11.77", "customer_id: user_id -1 is negative"),
        ("12345678901234567890123,1997-01-01,11.77", "customer_id: '12345678901234567890123' is no whole number"),
        ("1,04/02/2025,11.77", "date: '04/02/2025' is no date like 2025-03-01"),
        ("1,2035-03-01,11.77", "date: timestamp 2035-03-01T00:00:00.00:00 is more than a day"),
        ("1,0970-01-01,11.77", "date: timestamp 0970-01-01T00:00:00.00:00 is before"),
        ("1,1997-01-01,nan", "amount: 'nan' is no number like 1234.50"),
        ("1,1997-01-01,inf", "amount: 'inf' is no number"),
        ("1,1997-01-01,1e300", "amount: '1e300' is no number"),
        ("1,1997-01-01,9999999999999", "amount: amount 9999999999999.0 is beyond"),
        (f"1,1997-01-01,{'9' * 400}", "amount: amount inf is not a number"),
        ("1,1997-01-01,-5", "amount: -5.00 is negative: say --refunds"),
        ('1,1997-01-01,"1,234"', "amount: '1,234' can be read as 1.234 and as 1234"),
        ("1,1997-01-01,1,234.50", "cells: there are 4 under 3 headers: does one need quotes"),
        ("1,1997-01-01", "amount: the row ends before it"),
        ("x,never,nan", "customer_id: .*; date: .*; amount: .*"),
    ],
)
def test_a_row_that_is_no_purchase_is_named_with_what_is_wanted(wrote: Wrote, row: str, why: str) -> None:
    file = wrote(f"customer_id,date,amount\n1,1997-01-01,11.77\n\n{row}\n3,1997-01-01,0\n")
    found = found_in(file)
    assert [order.user_id for order in found.purchases] == [1, 3]
    (bad,) = found.bad.values()
    assert str(bad).startswith("row 2 (line 4), ")
    assert re.search(why, bad.why), bad.why


def test_a_name_too_long_for_order_ids_is_cut_and_stays_its_own() -> None:
    long = "a-file-name-that-is-quite-long-because-the-export-tool-names-it-so-2025-03-0"
    prefixes = {order_prefix(f"{long}{day}.csv") for day in range(1, 10)}
    assert len(prefixes) == 9
    assert {len(prefix) for prefix in prefixes} == {53}
    assert [order_prefix(name) for name in ("a.csv", "a.csv.gz", "a.b.csv", "a")] == ["a", "a", "a.b", "a"]


def test_a_prefix_of_ones_own_takes_the_place_of_the_name(wrote: Wrote) -> None:
    assert orders(wrote(TEXT), Reading(prefix="shop"))[0].order_id == "shop-000001"


def test_invoices_of_online_retail_are_sums_of_their_lines_and_cancellations_are_refunds(wrote: Wrote) -> None:
    found = found_in(wrote(ONLINE_RETAIL), ONLINE_RETAIL_READING)
    assert list(found.purchases) == [
        paid("600001", 17850, 15.5, 2010, 12, 1, 8, 26),
        paid("C600002", 14527, -2.55, 2010, 12, 1, 9, 41),
    ]
    assert [str(bad)[:35] for bad in found.bad.values()] == ["row 4 (line 5), CustomerID: '' is n"]


def test_payments_of_paysim_happen_in_the_hour_of_their_step(wrote: Wrote) -> None:
    reading = Reading(
        columns={"date": "step", "customer_id": "nameOrig"},
        moment=moments("hours since 2017-01-01"),
        customer=prefixed_customers(),
    )
    assert orders(wrote(PAYSIM, "paysim.csv"), reading) == [
        paid("paysim-000001", 1231006815, 9839.64, 2017, 1, 1, 1),
        paid("paysim-000002", 840083671, 181.0, 2017, 1, 2, 2),
    ]


def test_orders_of_olist_have_hashed_customers_and_several_payments(wrote: Wrote) -> None:
    reading = Reading(
        columns={"order_id": "order_id", "date": "order_purchase_timestamp", "amount": "payment_value"},
        customer=hashed_customer,
        order_lines=True,
    )
    assert orders(wrote(OLIST), reading) == [
        paid("e481f51cbdc54678b7cc49136f2d6af7", 0x006A19C3, 38.71, 2017, 10, 2, 10, 56, 33)
    ]


LINES = Reading(columns={"order_id": "id"}, order_lines=True)


def test_an_order_of_which_a_line_is_bad_is_set_aside_whole(wrote: Wrote) -> None:
    file = wrote("id,customer_id,date,amount\nA,1,2025-01-01,5\nB,2,2025-01-01,5\nA,1,2025-01-01,x\nA,1,2025-01-01,6\n")
    found = found_in(file, LINES)
    assert [order.order_id for order in found.purchases] == ["B"]
    assert len(found.purchases) == 1
    aside = {row.number: why for row, why in rows_to_set_aside(open_sheet(file, LINES.wanted), LINES, found)}
    assert set(aside) == {1, 3, 4}
    assert aside[1] == aside[4] == "another line of this order is bad"


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("A,1,2025-01-01,5\nA,2,2025-01-01,5", "customer_id: user 2, and 1 in row 1 of the same order"),
        ("A,1,2025-01-01,5\nA,1,2025-01-01,-7", "amount: -2.00 is negative"),
        (f"{'A' * 65},1,2025-01-01,5", "id: order_id has 65 characters"),
        (",1,2025-01-01,5", "id: order_id has 0 characters"),
    ],
)
def test_lines_that_make_no_order_are_named(wrote: Wrote, lines: str, why: str) -> None:
    found = found_in(wrote(f"id,customer_id,date,amount\n{lines}\n"), LINES)
    assert list(found.purchases) == []
    assert [bad.why[: len(why)] for bad in found.bad.values()] == [why]


def test_a_discount_among_the_lines_of_an_order_is_no_refund(wrote: Wrote) -> None:
    (order,) = orders(wrote("id,customer_id,date,amount\nA,1,2025-01-01,5\nA,1,2025-01-01,-1.5\n"), LINES)
    assert order.amount == 3.5


def test_an_order_id_that_comes_twice_is_refused_where_rows_are_orders(wrote: Wrote) -> None:
    found = found_in(
        wrote("id,customer_id,date,amount\nA,1,2025-01-01,5\nA,1,2025-01-01,5\n"), Reading(columns={"order_id": "id"})
    )
    assert [bad.why for bad in found.bad.values()] == [
        "id: 'A' stands in row 1 too: say --order-lines if it has several"
    ]


def test_amounts_may_be_multiplied_by_numbers_and_are_rounded_to_cents(wrote: Wrote) -> None:
    reading = Reading(columns={"amount": "Quantity*price*0.01"})
    file = wrote("customer_id,date,quantity,Price\n1,2025-01-01,3,335\n1,2025-01-01,0,-1\n")
    assert [order.amount for order in orders(file, reading)] == [10.05, 0.0]
