"""Orders in columns are held to the row-wise truth: the same values, nothing that it refuses, and all that is plain."""

import struct
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.util import module_from_spec, spec_from_file_location
from io import BytesIO
from itertools import chain
from types import ModuleType

import fastavro
import numba
import numpy as np
import pytest
from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, TIMESTAMP_NOT_AVAILABLE, Message
from django.conf import settings
from hypothesis import example, given
from hypothesis import strategies as st

from events import Status, Transaction, TransactionStatusChanged
from events.money import Currency, Ledger
from events.plausibility import Bounds
from events.time import EPOCH, in_millis
from streaming import clients, compiling, plain_orders
from streaming.columns import MOST_RECORDS, STATUSES, Orders
from streaming.decoding import decode
from streaming.messages import InvalidMessage
from streaming.plain_orders import MOST_BYTES, Stretch
from streaming.records import Record, records_of
from streaming.schemas.ids import load_schema
from streaming.topics import Event, Topic
from tests.columns import delivered

RECEIVED = datetime(2026, 11, 22, 15, tzinfo=UTC)
SCHEMA = load_schema(settings.SCHEMAS / "transaction.avsc")
PLAIN = Transaction("a-1", 7, 12.5, Status.SUCCESS, RECEIVED)
Value = bytes | None

moments = st.datetimes(Bounds.earliest.replace(tzinfo=None), RECEIVED.replace(tzinfo=None), timezones=st.just(UTC))
plain = st.builds(
    Transaction,
    st.text(st.characters(max_codepoint=127), min_size=1, max_size=64),
    st.integers(0, 2**31 - 1),
    st.floats(-1e12, 1e12) | st.sampled_from([0.125, 0.135, 1.005, -2.675, -0.0]),
    st.sampled_from(Status),
    moments.map(lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)),
)
longs = st.integers(-(2**63), 2**63 - 1) | st.sampled_from([0, -1, 2, 3, 2**31 - 1, 2**31, 2**34, -(2**31)])


def encoded(event: Transaction | TransactionStatusChanged) -> bytes:
    return clients.codec().encode(event)


HEADER = encoded(PLAIN)[:5]


def number(value: int) -> bytes:
    out = BytesIO()
    fastavro.schemaless_writer(out, "long", value)
    return out.getvalue()


def overlong(value: int, zeros: int) -> bytes:
    """The number with so many bytes that say nothing."""
    *others, last = number(value)
    return bytes([*others, last | 0x80, *[0x80] * (zeros - 1), 0]) if zeros else number(value)


def written(
    text: bytes, user: int, amount: float, status: int, millis: int, *, length: int | None = None, zeros: int = 0
) -> bytes:
    """The bytes of an order of fields that are each well-formed, however far from the possible."""
    said = overlong(len(text) if length is None else length, zeros)
    numbers = [overlong(each, zeros) for each in (user, status, millis)]
    return HEADER + b"".join([said, text, numbers[0], struct.pack("<d", amount), *numbers[1:]])


@st.composite
def crafted(draw: st.DrawFn) -> bytes:
    text = draw(st.text(max_size=70) | st.sampled_from(["x" * 63, "x" * 64, "é" * 32, "a"])).encode()
    return written(
        text,
        draw(longs),
        draw(st.floats() | st.sampled_from([1e12, 1e12 + 0.01, -1e12 - 0.004, 1e300, 0.005])),
        draw(st.integers(-2, 4) | longs),
        draw(st.integers(in_millis(Bounds.earliest) - 2, in_millis(RECEIVED + timedelta(days=2))) | longs),
        length=draw(st.sampled_from([len(text)] * 9 + [-1, -(2**63), 2**40, len(text) - 1, len(text) + 1])),
        zeros=draw(st.sampled_from([0] * 9 + [1, 2, 7, 9])),
    )


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """An order with one byte changed, cut off or added."""
    value = bytearray(encoded(draw(plain)))
    at = draw(st.integers(0, len(value) - 1))
    match draw(st.sampled_from(["change", "cut", "drop", "insert", "append"])):
        case "change":
            value[at] = draw(st.integers(0, 255))
        case "cut":
            del value[at:]
        case "drop":
            del value[at]
        case "insert":
            value.insert(at, draw(st.integers(0, 255)))
        case _:
            value += draw(st.binary(min_size=1, max_size=9))
    return bytes(value)


changes = st.builds(
    TransactionStatusChanged, st.just("a-1"), st.just(7), st.just(1.0), st.just("PENDING"), st.just("SUCCESS"), moments
)
values = st.one_of(plain.map(encoded), crafted(), damaged(), changes.map(encoded), st.none(), st.binary(max_size=80))
torn = st.builds(lambda value, at: [value[:at], value[at:]], plain.map(encoded), st.integers(1, 60))
receipts = st.sampled_from([in_millis(RECEIVED)] * 9 + [-1, 0, 2**62, in_millis(Bounds.earliest)])
several = st.lists(values.map(lambda value: [value]) | torn, max_size=30).map(lambda each: list(chain(*each)))
batches = several.flatmap(lambda each: st.tuples(*[st.tuples(st.just(value), receipts) for value in each])).map(list)


def in_columns(batch: Sequence[tuple[Value, int]]) -> Orders:
    values, received = [value for value, _ in batch], [millis for _, millis in batch]
    columns = delivered(values, range(len(batch)), received, [3] * len(batch))
    return plain_orders.plain_orders(columns, HEADER, Bounds.earliest)


def row_wise(batch: Sequence[tuple[Value, int]]) -> list[Record[Event]]:
    """What the truth says of values; those that are invalid are left out."""
    records = []
    for offset, (value, millis) in enumerate(batch):
        stamp = (TIMESTAMP_LOG_APPEND_TIME, millis) if millis >= 0 else (TIMESTAMP_NOT_AVAILABLE, -1)
        message = Message(topic=Topic.TRANSACTIONS, partition=3, offset=offset, key=b"7", value=value, timestamp=stamp)
        try:
            records.append(decode(message))
        except InvalidMessage:
            continue
    return records


@given(batches)
@example([])
@example([(None, 0)])
@example([(HEADER, in_millis(RECEIVED)), (encoded(PLAIN), in_millis(RECEIVED))])
def test_what_comes_into_columns_is_what_the_truth_reads_there(batch: list[tuple[Value, int]]) -> None:
    orders = in_columns(batch)
    truth = {record.offset: record for record in row_wise(batch)}
    assert records_of(orders) == [truth[place] for place in orders.place.tolist()]
    assert orders.offset.tolist() == orders.place.tolist()
    assert orders.identities() == [record.event.identity.encode() for record in records_of(orders)]
    assert orders.cents.tolist() == [record.event.cents for record in records_of(orders)]


@pytest.fixture(scope="module")
def checked() -> ModuleType:
    """plain_orders, compiled so that it raises IndexError where it reads beyond what it was given."""
    spec = spec_from_file_location("checked", plain_orders.__file__)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numba.config, "BOUNDSCHECK", 1)
        patch.setattr(compiling, "IS_KEPT", False)
        spec.loader.exec_module(module)
    return module


@given(value=values.filter(bool))
def test_nothing_is_read_from_beyond_the_end(checked: ModuleType, value: bytes) -> None:
    orders = checked.plain_orders(delivered([value], [0], [in_millis(RECEIVED)], [3]), HEADER, Bounds.earliest)
    assert records_of(orders) == records_of(in_columns([(value, in_millis(RECEIVED))]))


@pytest.mark.parametrize("zeros", [0, 1])
def test_an_order_that_is_cut_anywhere_is_none_whatever_stands_behind_it(checked: ModuleType, zeros: int) -> None:
    value = written(b"a-1", 7, 12.5, 1, LATEST, zeros=zeros)
    for cut in range(1, len(value)):
        for parts in ([value[:cut]], [value[:cut], value[cut:]]):
            columns = delivered(parts, range(len(parts)), [in_millis(RECEIVED)] * len(parts), [3] * len(parts))
            assert not len(checked.plain_orders(columns, HEADER, Bounds.earliest))


@pytest.mark.parametrize("value", [encoded(PLAIN), encoded(PLAIN)[:-1]])
def test_places_beyond_what_is_there_are_no_orders(checked: ModuleType, value: bytes) -> None:
    for begin, end in [(-len(value), 0), (0, len(value) + 1), (len(value), len(value) + 40), (len(value), 0)]:
        columns = [np.array([each], np.int64) for each in (begin, end, 3, 0, in_millis(RECEIVED))]
        assert not len(checked.orders_in(Stretch("any", value, *columns), HEADER, Bounds.earliest))


@pytest.mark.parametrize("at", range(len(HEADER)))
def test_records_of_another_schema_are_left(at: int) -> None:
    value = bytearray(encoded(PLAIN))
    value[at] ^= 1
    assert not len(in_columns([(bytes(value), in_millis(RECEIVED))]))


@pytest.mark.parametrize(("zeros", "is_plain"), [(1, True), (8, True), (9, False), (10, False)])
def test_a_number_may_have_more_bytes_than_it_needs_but_none_beyond_64_bits(zeros: int, is_plain: bool) -> None:
    value = written(b"x", 7, 1.0, 0, EARLIEST).replace(number(7), overlong(7, zeros))
    batch = [(value, in_millis(RECEIVED))]
    assert len(in_columns(batch)) == is_plain
    assert not is_plain or records_of(in_columns(batch)) == row_wise(batch)


@given(st.lists(plain | st.none(), max_size=30))
def test_a_plain_order_comes_into_columns_whatever_is_beside_it(events: list[Transaction | None]) -> None:
    batch = [(encoded(event) if event else b"\0\0", in_millis(RECEIVED)) for event in events]
    assert [record.event for record in records_of(in_columns(batch))] == [event for event in events if event]


EARLIEST, LATEST = in_millis(Bounds.earliest), in_millis(RECEIVED + timedelta(days=1))
AT_THE_LIMITS: list[tuple[bytes, int, float, int, int]] = [
    (b"x" * 63, 0, 0.0, 0, EARLIEST),
    (b"x" * 64, 0, 0.0, 0, EARLIEST),
    (b"x", 2**31 - 1, 1e12, 2, LATEST),
    (b"x", 7, -1e12, 1, LATEST),
    (b"x", 7, 0.125, 1, LATEST),
    (b"x", 7, 0.135, 1, LATEST),
]
BEYOND: list[tuple[bytes, int, float, int, int]] = [
    (b"", 7, 1.0, 0, EARLIEST),
    (b"x" * 65, 7, 1.0, 0, EARLIEST),
    (b"\xff", 7, 1.0, 0, EARLIEST),
    (b"x", -1, 1.0, 0, EARLIEST),
    (b"x", 2**31, 1.0, 0, EARLIEST),
    (b"x", 2**32 + 7, 1.0, 0, EARLIEST),
    (b"x", 7, 1e12 + 0.01, 0, EARLIEST),
    (b"x", 7, -1e12 - 0.01, 0, EARLIEST),
    (b"x", 7, float("nan"), 0, EARLIEST),
    (b"x", 7, float("-inf"), 0, EARLIEST),
    (b"x", 7, 1.0, -1, EARLIEST),
    (b"x", 7, 1.0, 3, EARLIEST),
    (b"x", 7, 1.0, 0, EARLIEST - 1),
    (b"x", 7, 1.0, 0, LATEST + 1),
    (b"x", 7, 1.0, 0, 2**62),
]
IN_DOUBT: list[tuple[bytes, int, float, int, int]] = [
    ("é".encode(), 7, 1.0, 0, EARLIEST),
    (b"x", 7, 1e12 + 0.004, 0, EARLIEST),
]


@pytest.mark.parametrize("fields", AT_THE_LIMITS)
def test_an_order_at_a_limit_comes_into_columns(fields: tuple[bytes, int, float, int, int]) -> None:
    batch = [(written(*fields), in_millis(RECEIVED))]
    assert len(row_wise(batch)) == 1
    assert records_of(in_columns(batch)) == row_wise(batch)


@pytest.mark.parametrize("fields", BEYOND)
def test_what_the_truth_buries_is_left_to_it(fields: tuple[bytes, int, float, int, int]) -> None:
    batch = [(written(*fields), in_millis(RECEIVED))]
    assert row_wise(batch) == []
    assert len(in_columns(batch)) == 0


@pytest.mark.parametrize("fields", IN_DOUBT)
def test_what_only_the_truth_can_tell_is_left_to_it(fields: tuple[bytes, int, float, int, int]) -> None:
    batch = [(written(*fields), in_millis(RECEIVED))]
    assert len(row_wise(batch)) == 1
    assert len(in_columns(batch)) == 0


def test_an_order_of_which_nobody_knows_when_it_came_is_left_however_old_the_shop_is() -> None:
    columns = delivered([written(b"x", 7, 1.0, 0, 5)] * 2, [0, 1], [-1, 5], [3, 3])
    assert plain_orders.plain_orders(columns, HEADER, EPOCH).place.tolist() == [1]


def test_no_order_is_older_than_1970_however_old_the_shop_is() -> None:
    columns = delivered([written(b"x", 7, 1.0, 0, millis) for millis in (-1, 0)], [0, 1], [5, 5], [3, 3])
    assert plain_orders.plain_orders(columns, HEADER, EPOCH - timedelta(days=1)).place.tolist() == [1]


def test_the_symbols_stand_in_the_order_of_the_schema() -> None:
    statuses = next(field["type"]["symbols"] for field in SCHEMA["fields"] if field["name"] == "status")
    assert list(STATUSES) == statuses


@given(st.lists(plain, max_size=5))
def test_orders_come_from_a_batch_at_any_of_its_places(events: list[Transaction]) -> None:
    batch = [(value, in_millis(RECEIVED)) for event in events for value in (None, encoded(event))]
    assert in_columns(batch).place.tolist() == list(range(1, len(batch), 2))


def test_what_is_made_of_orders_is_made_once_and_of_other_orders_anew() -> None:
    made = list[tuple[int, int]]()

    def make(orders: Orders, factor: int) -> int:
        made.append((len(orders), factor))
        return factor * len(orders)

    three = in_columns([(encoded(PLAIN), in_millis(RECEIVED))] * 3)
    assert [three.make(make, 5), three.make(make, 5), three.make(make, 6)] == [15, 15, 18]
    assert [three.at([0, 2]).make(make, 5), three.without([0, 2]).make(make, 5)] == [10, 5]
    assert made == [(3, 5), (3, 6), (2, 5), (1, 5)]


def test_a_batch_whose_cents_may_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="more than"):
        in_columns([(None, 0)] * (MOST_RECORDS + 1))


def test_what_is_too_long_to_be_an_order_is_not_held_again() -> None:
    long, plain = HEADER + b"\xff" * 1_000_000, encoded(PLAIN)
    found = in_columns([(long, in_millis(RECEIVED)), (plain, in_millis(RECEIVED))])
    assert found.place.tolist() == [1]
    assert len(found.joined) == len(plain)


def test_no_order_is_too_long_to_be_plain() -> None:
    longest = Transaction("x" * 64, 2**31 - 1, 1e12, Status.FAILED, RECEIVED)
    assert len(encoded(longest)) <= MOST_BYTES - 1
    assert len(in_columns([(encoded(longest), in_millis(RECEIVED))])) == 1


@pytest.mark.parametrize("currency", [Currency("EUR", 2), Currency("KWD", 3)], ids=lambda each: each.code)
def test_amounts_are_counted_in_the_parts_of_the_currency(currency: Currency, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Ledger, "currency", currency)
    most = float(currency.most)
    amounts = [0.0, 0.001, 0.0005, 0.005, 1.234, -1.2345, 0.07, 1.15, most, -most, most - 0.001, 99_999_999.999]
    events = [replace(PLAIN, amount=amount) for amount in amounts]
    found = in_columns([(encoded(event), in_millis(RECEIVED)) for event in events])
    assert found.cents.tolist() == [event.cents for event in events]
    assert found.cents[4] == (123 if currency.digits == 2 else 1234)
    assert not len(in_columns([(encoded(replace(PLAIN, amount=most + 0.01)), in_millis(RECEIVED))]))
