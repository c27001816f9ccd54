"""As many hostile records as good ones: each good order is counted once everywhere, each bad record buried once."""

import os
import random
from collections import Counter, defaultdict
from collections.abc import Iterable

from confluent_kafka.admin import AdminClient
from django.conf import settings

from native.driving.embedded import Platform
from streaming.dead_letters import burials
from streaming.dead_letters.dead_letter import DeadLetter
from streaming.log_reader import reader
from streaming.schemas.ids import FingerprintIds, load_schema
from streaming.topics import Topic
from tests.streaming import foreign
from tests.survival.hostility import HOUR, STATUSES, TRANSACTIONS, Sent, Strangers, Telling, judged
from tests.survival.strangers import Origins, send_by_aiokafka, send_by_librdkafka

COUNT = int(os.environ.get("HOSTILE_RECORDS", "20000"))
"""Hostile records, and as many good ones."""
SEED = int(os.environ.get("HOSTILE_SEED", "1"))
PATIENCE = str(60 + COUNT // 50)
"""Seconds that the workers may take at the most."""

GROUPS = {
    "transactions": {"recorder", "fraud", "aggregator", "notifier"},
    "transactions.status": {"aggregator", "notifier"},
    "transactions.corrections": {"fraud", "aggregator", "notifier"},
    "fraud.alerts": {"notifier"},
}
COMMANDS = ("run_recorder", "run_consumer", "run_aggregator", "run_notifier")
LIMIT_CENTS = 10_000_000_00
SCHEMAS = {
    "transactions": "transaction.avsc",
    "transactions.status": "transaction_status_changed.avsc",
    "transactions.corrections": "transaction_corrected.avsc",
    "fraud.alerts": "fraud_alert.avsc",
}


def schema_ids() -> dict[str, bytes]:
    ids = FingerprintIds(settings.SCHEMAS)
    return {
        topic: ids.id_of(load_schema(settings.SCHEMAS / file)).to_bytes(4, "big") for topic, file in SCHEMAS.items()
    }


def send_everything(broker: str) -> Origins:
    """By two clients, each with half of the stream; only a repeated order stays with one, in its order."""
    strangers, chance = Strangers(SEED, schema_ids()), random.Random(SEED)
    twice = strangers.told_twice(COUNT // 20)
    single = [*strangers.good(COUNT - len(twice)), *strangers.hostile(COUNT), *strangers.contradicting(COUNT // 20)]
    stories = [[each] for each in single] + [twice[n : n + 2] for n in range(0, len(twice), 2)]
    stories += [strangers.tombstones(min(COUNT // 10, 500))] + [[each] for each in strangers.foreign_letters(100)]
    chance.shuffle(stories)
    halves = ([sent for story in part for sent in story] for part in (stories[::2], stories[1::2]))
    first, second = halves
    order = strangers.good(1)[0]
    foreign.send_with_header(broker, TRANSACTIONS, order.value or b"", b"\xff\xfe")
    stands = {f"{TRANSACTIONS}[0]@0": order}
    return stands | send_by_librdkafka(broker, [*first, *strangers.large()]) | send_by_aiokafka(broker, second)


def run_workers(platform: Platform) -> None:
    """From start to end, by the same processes."""
    processes = [platform.start(command, "--instance", "0") for command in COMMANDS] + [platform.start("run_relay")]
    platform.run("wait_for_workers", "--timeout", PATIENCE)
    ended = {str(process.args[2]): process.poll() for process in processes if process.poll() is not None}  # type: ignore[index]
    assert not ended, [platform.log(command).read_text()[-3000:] for command in ended]
    for process in processes:
        process.terminate()
    assert [process.wait(60) for process in processes] == [0] * len(processes)


def letters() -> list[DeadLetter]:
    consumer = reader("test-reader")
    try:
        return list(burials.since(consumer, [topic for topic in Topic if topic in GROUPS], None))
    finally:
        consumer.close()


def rows(platform: Platform) -> dict[str, Telling]:
    found = platform.query(
        "SELECT order_id, user_id, amount, status,"
        " CAST(round((julianday(timestamp) - 2440587.5) * 86400000) AS INTEGER) FROM transactions"
    )
    told = (Telling(str(o), int(str(u)), float(str(a)), STATUSES.index(str(s)), int(str(t))) for o, u, a, s, t in found)
    return {telling.order_id: telling for telling in told}


def stories_of(sent: Iterable[Sent]) -> dict[str, list[Telling]]:
    """What was told of each order, in order where it matters."""
    stories: dict[str, list[Telling]] = defaultdict(list)
    for each in sent:
        if each.telling:
            stories[each.telling.order_id].append(each.telling)
    return stories


def is_torn(story: list[Telling]) -> bool:
    return len({telling.subject for telling in story}) > 1


def assert_rows_are_what_was_told(recorded: dict[str, Telling], stories: dict[str, list[Telling]]) -> None:
    assert recorded.keys() == stories.keys()
    wrong = [
        (recorded[order_id], story)
        for order_id, story in stories.items()
        if (recorded[order_id].subject, recorded[order_id].status)
        not in {(t.subject, t.status) for t in (story if is_torn(story) else story[-1:])}
    ]
    assert not wrong, wrong[:3]


def true_totals(recorded: dict[str, Telling], stories: dict[str, list[Telling]]) -> dict[tuple[object, ...], list[int]]:
    """By user and hour; what became of an order later counts in the hour of the change, here called 0."""
    totals: dict[tuple[object, ...], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for order_id, row in recorded.items():
        story = stories[order_id]
        entered = row.status if is_torn(story) else story[0].status
        of = totals[row.user_id, row.timestamp // HOUR]
        for place, number in enumerate((row.cents, 1, _paid(row, entered), _failed(row, entered))):
            of[place] += number
        if entered != row.status:
            later = totals[row.user_id, 0]
            later[2] += _paid(row, row.status)
            later[3] += _failed(row, row.status)
    return totals


def _paid(row: Telling, status: int) -> int:
    return row.cents * (status == STATUSES.index("SUCCESS") and row.cents > 0)


def _failed(row: Telling, status: int) -> int:
    return abs(row.cents) * (status == STATUSES.index("FAILED"))


def totals(platform: Platform) -> dict[tuple[object, ...], list[int]]:
    found = platform.query(
        "SELECT user_id, CASE WHEN hour * 3600 > strftime('%s', 'now', '-1 day') + 0 AND transaction_count = 0"
        " THEN 0 ELSE hour END AS told, sum(total_cents),"
        " sum(transaction_count), sum(settled_cents), sum(failed_cents) FROM analytics_hourlytotal GROUP BY 1, 2"
    )
    return {(user_id, hour): [int(str(each)) for each in sums] for user_id, hour, *sums in found if any(sums)}


def assert_alerts_are_about(recorded: dict[str, Telling], platform: Platform) -> None:
    found = platform.query("SELECT order_id, user_id, amount FROM fraud_fraudalert WHERE status != 'DISMISSED'")
    suspicious = [(each.order_id, each.user_id, each.cents) for each in recorded.values() if each.cents > LIMIT_CENTS]
    assert sorted((str(o), int(str(u)), round(float(str(a)) * 100)) for o, u, a in found) == sorted(suspicious)


def assert_notified(recorded: dict[str, Telling], stories: dict[str, list[Telling]], platform: Platform) -> None:
    """Each order's customer once of each status; of what was torn, others too, if that was taken back."""
    told = Counter(
        (str(to).removeprefix("customer:"), str(kind), str(order_id))
        for to, kind, order_id in platform.query(
            "SELECT recipient, kind, order_id FROM notifications_notification WHERE recipient LIKE 'customer:%'"
        )
    )
    assert set(told.values()) <= {1}
    due = {
        (str(row.user_id), kind, order_id)
        for order_id, row in recorded.items()
        for kind in kinds_of([row] if is_torn(stories[order_id]) else stories[order_id])
    }
    assert due <= told.keys(), sorted(due - told.keys())[:5]
    for user, kind, order_id in told.keys() - due:
        assert is_torn(stories[order_id]), (user, kind, order_id)
        assert (user, "ORDER_REVERSED", order_id) in told


def kinds_of(story: list[Telling]) -> set[str]:
    """What a customer is notified of while an order is told of, in this order."""
    if story[0].cents >= 0:
        return {("ORDER_CREATED", "ORDER_PAID", "ORDER_FAILED")[each.status] for each in story}
    failed = STATUSES.index("FAILED")
    if story[0].status == failed:
        return set()
    return {"ORDER_REFUNDED"} | {"ORDER_REVERSED" for each in story if each.status == failed}


def assert_buried(found: list[DeadLetter], sent: Origins, recorded: dict[str, Telling]) -> None:
    """Each bad record once by each group that reads its topic; what contradicts the record, by the recorder alone."""
    bad = Counter(
        (origin, group) for origin, each in sent.items() if not each.telling for group in GROUPS.get(each.topic, ())
    )
    buried = Counter((letter.origin, letter.group) for letter in found)
    assert not bad - buried, list((bad - buried).items())[:5]
    assert all(letter.reason for letter in found)
    others = [letter for letter in found if (letter.origin, letter.group) not in bad]
    assert {letter.group for letter in others} <= {"recorder"}, [x for x in others if x.group != "recorder"][:3]
    assert not [each for each, times in buried.items() if each in bad and times > 1]
    id_ = schema_ids()[TRANSACTIONS]
    refused = Counter(judged(letter.content.value, id_) for letter in others)
    contradicting = [
        each.telling
        for each in sent.values()
        if each.telling and each.telling.subject != recorded[each.telling.order_id].subject
    ]
    assert refused == Counter(contradicting)
    assert len(contradicting) > COUNT // 40


def test_among_hostile_records_each_good_one_is_counted_once_and_each_bad_one_buried_once(
    platform_processes: Platform, kafka: AdminClient, broker: str
) -> None:
    sent = send_everything(broker)
    run_workers(platform_processes)
    stories, recorded = stories_of(sent.values()), rows(platform_processes)
    assert len(stories) > COUNT
    assert_buried(letters(), sent, recorded)
    assert_rows_are_what_was_told(recorded, stories)
    assert totals(platform_processes) == {
        key: sums for key, sums in true_totals(recorded, stories).items() if any(sums)
    }
    assert_alerts_are_about(recorded, platform_processes)
    assert_notified(recorded, stories, platform_processes)
