from datetime import UTC, datetime

import pytest

from transactions.cells import (
    COMMA,
    POINT,
    Wrong,
    hashed_customer,
    moments,
    number_of_customer,
    numeral,
    prefixed_customers,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12.50", "12.50"),
        (" 12 ", "12"),
        ("12,5", "12.5"),
        ("-12,50", "-12.50"),
        ("\N{MINUS SIGN}12.50", "-12.50"),
        ("+3", "3"),
        ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1 234,50", "1234.50"),
        ("1\u202f234\u202f567,5", "1234567.5"),
        ("1'234.50", "1234.50"),
        ("1,234,567", "1234567"),
        ("0.125", "0.125"),
        ("1234.125", "1234.125"),
    ],
)
def test_a_number_that_can_be_read_in_one_way_is(text: str, value: str) -> None:
    assert numeral(text) == value


@pytest.mark.parametrize("text", ["1,234", "1.234", "12.345", "-1,234"])
def test_a_number_that_can_be_read_in_two_ways_is_refused_unless_the_mark_is_told(text: str) -> None:
    with pytest.raises(Wrong, match="say --decimal"):
        numeral(text)
    assert numeral(text, POINT) != numeral(text, COMMA)


@pytest.mark.parametrize(
    "text",
    ["", "nan", "inf", "-Infinity", "1e300", "1E+05", "$5", "5 EUR", "(5)", "5-", "1,23,456", "1,2.3", "٣", "--5", "."],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(Wrong, match="is no number like"):
        numeral(text)


@pytest.mark.parametrize(
    ("form", "text", "moment"),
    [
        (None, "2025-03-01", datetime(2025, 3, 1, tzinfo=UTC)),
        (None, "20250301", datetime(2025, 3, 1, tzinfo=UTC)),
        (None, "2025-03-01 23:30", datetime(2025, 3, 1, 23, 30, tzinfo=UTC)),
        (None, "2025-03-01T23:30:00+07:00", datetime(2025, 3, 1, 16, 30, tzinfo=UTC)),
        (None, "2025-03-01 23:30:00 -0500", datetime(2025, 3, 2, 4, 30, tzinfo=UTC)),
        (None, "2025-03-01T23:30:00.250Z", datetime(2025, 3, 1, 23, 30, 0, 250_000, tzinfo=UTC)),
        (None, "2025-03-01 23:30:00 UTC", datetime(2025, 3, 1, 23, 30, tzinfo=UTC)),
        ("%m/%d/%Y %H:%M", "12/1/2010 8:26", datetime(2010, 12, 1, 8, 26, tzinfo=UTC)),
        ("%d.%m.%Y %z", "01.12.2010 +0100", datetime(2010, 11, 30, 23, 0, tzinfo=UTC)),
        ("hours since 2017-01-01", "25", datetime(2017, 1, 2, 1, tzinfo=UTC)),
        ("seconds since 1970-01-01", "1740872100.5", datetime(2025, 3, 1, 23, 35, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_a_moment_is_told_in_utc(form: str | None, text: str, moment: datetime) -> None:
    assert moments(form)(text) == moment


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (None, "04/02/2025"),
        (None, "yesterday"),
        (None, ""),
        (None, "45717"),
        (None, "2025-02-30"),
        (None, "2025-03-01 12:00 EST"),
        (None, "0001-01-01T00:00+14:00"),
        ("%m/%d/%Y", "13/13/2025"),
        ("hours since 2017-01-01", "soon"),
        ("days since 2017-01-01", "9999999999"),
    ],
)
def test_what_is_no_moment_of_the_form_is_refused(form: str | None, text: str) -> None:
    with pytest.raises(Wrong, match=r"is no date|is no number|is beyond all dates"):
        moments(form)(text)


def test_a_form_of_dates_that_is_none_is_refused() -> None:
    with pytest.raises(Wrong, match="is no form of dates"):
        moments("yyyy-mm-dd")


def test_customers_are_numbers_also_where_a_program_made_fractions_of_them() -> None:
    assert [number_of_customer(text) for text in ("17850", " 17850.0 ", "-5")] == [17850, 17850, -5]
    for text in ("", "C1", "17850.5", "1e3", "٣", "1.0.0"):
        with pytest.raises(Wrong, match="--customer-ids"):
            number_of_customer(text)


def test_customers_behind_the_same_letters_keep_their_number() -> None:
    read = prefixed_customers()
    assert [read("C1231006815"), read("C7")] == [1231006815, 7]
    for text in ("M7", "7", "", "C", "C7x"):
        with pytest.raises(Wrong):
            read(text)


def test_any_text_has_a_number_of_31_bits_that_stays_the_same() -> None:
    assert hashed_customer("9ef432eb6251297304e76186b10a928d") == 0x006A19C3
    numbers = {hashed_customer(f"customer {n}") for n in range(1000)}
    assert len(numbers) == 1000
    assert max(numbers) < 2**31
    with pytest.raises(Wrong):
        hashed_customer(" ")
