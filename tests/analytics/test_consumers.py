"""The aggregator without a broker: batches go straight to its handler, and a list stands for the log."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.db import DataError, transaction
from hypothesis import given
from hypothesis import strategies as st

from analytics.consumers import add_up
from analytics.models import HourlyTotal, ShopHour
from analytics.selectors import shop_hours, sums_by_hour
from analytics.windows import Counted, Sums, by_hour, hourly_totals
from events import ChangedStatus, Status, Transaction, TransactionStatusChanged
from streaming.consuming.deduplication import SeenEvents
from streaming.models import AppliedOffset
from streaming.partitioner import Partition
from streaming.records import Batch, Record, without
from streaming.topics import TOPICS
from tests.columns import in_columns
from tests.records import recorded
from transactions.statuses import NEXT

TWO = datetime(2026, 11, 22, 14, tzinfo=UTC)
CAPACITY = 1000


def order(
    order_id: str, amount: float, *, user: int = 7, status: Status = Status.SUCCESS, at: datetime = TWO
) -> Transaction:
    return Transaction(order_id, user, amount, status, at)


class Log:
    """Two topics of one partition each, to which producers append."""

    def __init__(self, given: Callable[[Batch[Counted]], Batch[Counted]] = lambda batch: batch) -> None:
        """given: the form in which the handler is given a batch."""
        self._given = given
        self.records: dict[Partition, list[Record[Counted]]] = defaultdict(list)

    def append(self, *events: Counted) -> Batch[Counted]:
        """Append events; the batch that a consumer would get."""
        return self._given(Batch([self._append(event) for event in events]))

    def _append(self, event: Counted) -> Record[Counted]:
        topic = TOPICS[type(event)].value
        stretch = self.records[topic, 0]
        stretch.append(Record(event, topic, 0, len(stretch), TWO))
        return stretch[-1]

    def read_back(self, partition: Partition, begin: int, end: int) -> Iterable[tuple[str, int]]:
        return [(record.event.identity, record.offset) for record in self.records[partition][begin:end]]

    def started(self) -> SeenEvents:
        """What a process that has just started has seen."""
        return SeenEvents(CAPACITY, self.read_back)


@pytest.fixture(params=[lambda batch: batch, in_columns], ids=["row by row", "in columns"])
def log(request: pytest.FixtureRequest) -> Log:
    return Log(request.param)


def stored() -> dict[tuple[int, datetime], tuple[int, int]]:
    return {(row.user_id, row.hour): (row.total_cents, row.transaction_count) for row in HourlyTotal.objects.all()}


@pytest.mark.django_db
def test_a_batch_delivered_twice_is_counted_once(log: Log) -> None:
    seen, batch = log.started(), log.append(order("A-1", 10), order("A-2", 0.55))
    add_up(batch, seen=seen)
    add_up(batch, seen=seen)
    assert stored() == {(7, TWO): (1055, 2)}


@pytest.mark.django_db
def test_a_batch_delivered_again_after_a_restart_is_counted_once(log: Log) -> None:
    batch = log.append(order("A-1", 10))
    add_up(batch, seen=log.started())
    add_up(batch, seen=log.started())
    assert stored() == {(7, TWO): (1000, 1)}


@pytest.mark.django_db
def test_an_order_sent_again_is_counted_once(log: Log) -> None:
    seen = log.started()
    add_up(log.append(order("A-1", 10), order("A-1", 10)), seen=seen)
    add_up(log.append(order("A-1", 10), order("A-2", 1)), seen=seen)
    assert stored() == {(7, TWO): (1100, 2)}


@pytest.mark.django_db
def test_an_order_sent_again_after_a_restart_is_counted_once(log: Log) -> None:
    add_up(log.append(order("A-1", 10)), seen=log.started())
    add_up(log.append(order("A-1", 10)), seen=log.started())
    assert stored() == {(7, TWO): (1000, 1)}


@pytest.mark.django_db
def test_an_order_and_the_changes_of_its_status_are_told_apart(log: Log) -> None:
    pending = order("A-1", 10, status=Status.PENDING)
    recorded(pending, became=ChangedStatus.SUCCESS)
    paid = TransactionStatusChanged("A-1", 7, 10, ChangedStatus.PENDING, ChangedStatus.SUCCESS, TWO)
    add_up(log.append(pending, paid, paid), seen=log.started())
    row = HourlyTotal.objects.get()
    assert (row.total_cents, row.transaction_count, row.settled_cents) == (1000, 1, 1000)


@pytest.mark.django_db
def test_an_event_that_comes_late_lands_in_its_hour(log: Log) -> None:
    seen, last_week = log.started(), TWO - timedelta(days=7)
    add_up(log.append(order("A-1", 10, at=last_week)), seen=seen)
    add_up(log.append(order("A-2", 20)), seen=seen)
    add_up(log.append(order("A-3", 5, at=last_week + timedelta(minutes=59))), seen=seen)
    assert stored() == {(7, last_week): (1500, 2), (7, TWO): (2000, 1)}


@pytest.mark.django_db
def test_a_failure_leaves_results_and_offsets_as_they_were_and_the_next_try_counts_everything(log: Log) -> None:
    seen = log.started()
    good = [order(f"A-{user}", 1, user=user) for user in range(1, 151)]
    # Rows are written in the order of their users, so others are written already when this one is refused.
    batch = log.append(*good, order("A-huge", 1, user=2**63))
    with pytest.raises((OverflowError, DataError)):  # SQLite's driver says one, MySQL the other
        add_up(batch, seen=seen)
    assert (HourlyTotal.objects.count(), ShopHour.objects.count(), AppliedOffset.objects.count()) == (0, 0, 0)

    huge = [record for record in batch.records if record.event.order_id == "A-huge"]
    add_up(without(batch, [(each, "") for each in huge]), seen=seen)
    assert stored() == {(user, TWO): (100, 1) for user in range(1, 151)}


def as_decimal(events: Iterable[Counted]) -> dict[tuple[int, int], list[Decimal]]:
    """Total, count, settled, failed and refunded per user and hour since 1970, the long way round."""
    sums: dict[tuple[int, int], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 5)
    for event in events:
        amount = Decimal(f"{event.amount:.2f}")
        row = sums[event.user_id, int(event.timestamp.timestamp()) // 3600]
        if type(event) is Transaction:
            row[0] += amount
            row[1] += 1
        if event.status.name == "SUCCESS":
            row[2] += max(amount, Decimal(0))
            row[4] += max(-amount, Decimal(0))
        if event.status.name == "FAILED":
            row[3] += abs(amount)
    return {key: row for key, row in sums.items() if any(row)}


def stored_as_decimal() -> dict[tuple[int, int], list[Decimal]]:
    return {
        (row.user_id, int(row.hour.timestamp()) // 3600): [
            Decimal(row.total_cents) / 100,
            Decimal(row.transaction_count),
            Decimal(row.settled_cents) / 100,
            Decimal(row.failed_cents) / 100,
            Decimal(row.refunded_cents) / 100,
        ]
        for row in HourlyTotal.objects.all()
    }


@st.composite
def tellings(draw: st.DrawFn) -> tuple[list[Counted], list[Counted]]:
    """Orders and changes of status, and what producers send of them, in some order and much of it more than once."""
    number = draw(st.integers(1, 6))
    amounts = st.integers(-(10**12), 10**12).map(lambda cents: cents / 100)
    moments = st.integers(0, 3 * 3600 - 1).map(lambda seconds: TWO + timedelta(seconds=seconds))
    facts: list[Counted] = []
    for n in range(number):
        user, amount = draw(st.integers(1, 3)), draw(amounts)
        facts.append(Transaction(f"A-{n}", user, amount, draw(st.sampled_from(Status)), draw(moments)))
        status = facts[-1].status
        while following := sorted(NEXT[ChangedStatus(status)]):
            if (later := draw(st.sampled_from([None, *following]))) is None:
                break
            facts.append(TransactionStatusChanged(f"A-{n}", user, amount, ChangedStatus(status), later, draw(moments)))
            status = later
    return facts, draw(st.lists(st.sampled_from(facts), max_size=30))


@pytest.mark.django_db
@given(
    happened=tellings(),
    cuts=st.lists(st.integers(0, 30)),
    restarts=st.sets(st.integers(0, 30)),
    again=st.integers(0, 5),
)
def test_totals_are_exact_however_events_are_cut_sent_and_delivered(
    happened: tuple[list[Counted], list[Counted]], cuts: list[int], restarts: set[int], again: int
) -> None:
    facts, sent = happened
    with transaction.atomic():
        log, bounds = Log(), sorted({0, *(cut for cut in cuts if cut < len(sent)), len(sent)})
        seen, records = log.started(), list(log.append(*sent).records)
        record_all(facts)
        for number, (start, end) in enumerate(pairwise(bounds)):
            if number in restarts:
                seen = log.started()
            # A commit that was lost: the batch begins again some records before its start.
            add_up(Batch(records[max(0, start - again) : end]), seen=seen)
        assert stored_as_decimal() == as_decimal(distinct(sent))
        assert shop_hours() == sums_by_hour() == sums_of_facts(distinct(sent))
        transaction.set_rollback(True)


def sums_of_facts(facts: Sequence[Counted]) -> dict[datetime, Sums]:
    return by_hour(hourly_totals(facts))


def record_all(facts: Iterable[Counted]) -> None:
    """The table, which has all that happened, whoever was told of it."""
    became = {each.order_id: each.status for each in facts if isinstance(each, TransactionStatusChanged)}
    for each in facts:
        if isinstance(each, Transaction):
            recorded(each, became.get(each.order_id))


def distinct(events: Sequence[Counted]) -> list[Counted]:
    return list({(type(event), event.identity): event for event in events}.values())
