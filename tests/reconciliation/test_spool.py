from datetime import UTC, datetime, timedelta
from itertools import chain
from random import Random

from events import ChangedStatus, Correction, Status, Transaction, TransactionCorrected, TransactionStatusChanged
from events.time import MICROSECOND
from reconciliation.spool import Spool
from streaming.inspecting.topic_scan import ScannedRecord
from streaming.records import Record
from streaming.topics import Topic

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ORDER = Transaction("é-1 '\";", 2**31 - 1, -10_000_000.01, Status.FAILED, NOON + MICROSECOND)
CHANGE = TransactionStatusChanged("a-1", 7, 0.1 + 0.2, ChangedStatus.SUCCESS, ChangedStatus.REFUNDED, NOON)
CORRECTION = TransactionCorrected("a-1", 7, 5.0, Status.PENDING, NOON, Correction.REVERSED, "transactions[0]@3")


def scanned(event: object, offset: int = 0, topic: Topic = Topic.TRANSACTIONS, *not_for: str) -> ScannedRecord:
    received = NOON + timedelta(seconds=offset)
    return ScannedRecord(Record(event, topic.value, 1, offset, received), frozenset(not_for))


def of(order_id: str, offset: int) -> ScannedRecord:
    return scanned(Transaction(order_id, 7, 1.0, Status.SUCCESS, NOON), offset)


def test_records_come_back_as_they_were() -> None:
    told = [
        scanned(CHANGE, 2**32, Topic.TRANSACTIONS_STATUS, "fraud", "aggregator"),
        scanned(CORRECTION, 6, Topic.TRANSACTIONS_CORRECTIONS, "recorder"),
        scanned(ORDER, 5),
    ]
    with Spool() as spool:
        spool.add(told)
        back = list(chain.from_iterable(spool.orders()))
    assert back == told
    assert [type(each.record.event) for each in back] == [TransactionStatusChanged, TransactionCorrected, Transaction]
    assert isinstance(back[0].record.event.status, ChangedStatus)
    assert isinstance(back[2].record.event.status, Status)


def test_orders_follow_each_other_and_what_is_told_of_each_comes_as_it_came() -> None:
    told = [of(f"a-{number % 300:03d}", number) for number in range(3000)]
    Random(1).shuffle(told)
    with Spool() as spool:
        for start in range(0, 3000, 700):
            spool.add(told[start : start + 700])
        back = [each.record for some in spool.orders() for each in some]
    assert back == sorted((each.record for each in told), key=lambda record: record.event.order_id)


def test_since_a_moment_come_whole_orders_of_which_anything_came_since() -> None:
    with Spool() as spool:
        spool.add([of("a", 0), of("b", 1), of("a", 5), of("c", 4)])
        back = [each.record.event.order_id for some in spool.orders(NOON + timedelta(seconds=5)) for each in some]
    assert back == ["a", "a"]


def test_what_was_buried_after_it_was_read_is_known_when_it_is_given_out_again() -> None:
    with Spool() as spool:
        spool.add([scanned(ORDER, 5, Topic.TRANSACTIONS, "fraud"), of("a", 6)])
        back = list(chain.from_iterable(spool.orders(buried={"transactions[1]@5": frozenset({"aggregator"})})))
    assert [each.not_for for each in back] == [frozenset(), {"fraud", "aggregator"}]
