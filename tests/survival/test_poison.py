"""Records that cannot be processed among many that can: none is lost, none stops the others."""

import random
import re
import shutil
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import fastavro
from confluent_kafka.admin import AdminClient
from django.conf import settings

from events import Status, Transaction
from native.driving.embedded import Platform
from streaming import clients
from streaming.clients import Outgoing, send_all
from streaming.dead_letters.dead_letter import DeadLetter
from streaming.inspecting.lag import begin_offsets, end_offsets
from streaming.log_reader import read_range, reader
from streaming.schemas.ids import FingerprintIds, load_schema
from streaming.topics import Topic

GOOD, POISON = 10_000, 50
GROUPS = {"recorder", "fraud", "aggregator", "notifier"}
COMMANDS = ("run_recorder", "run_consumer", "run_aggregator", "run_notifier")
NOW = datetime.now(UTC).replace(microsecond=0)
ORDER = Transaction("poison", 7, 20_000_000.0, Status.SUCCESS, NOW)


@dataclass(frozen=True)
class Poison:
    value: bytes
    reason: str
    """a regular expression that its reason matches"""


def good_orders() -> list[Transaction]:
    return [replace(ORDER, order_id=f"good-{n}", user_id=n % 100, amount=n / 100) for n in range(GOOD)]


def newer_schema(folder: Path) -> Path:
    """A schema that producers use already and readers do not know yet: a field more, with a default."""
    file = folder / "newer" / "transaction.avsc"
    file.parent.mkdir(exist_ok=True)
    text = (settings.SCHEMAS / "transaction.avsc").read_text()
    file.write_text(re.sub(r"\]\s*\}\s*$", ', {"name": "channel", "type": "string", "default": "web"}]}', text))
    return file


def written_with(file: Path, number: int) -> bytes:
    schema = load_schema(file)
    buffer = BytesIO()
    record = {
        "order_id": f"newer-{number}", "user_id": 1000 + number, "amount": 20_000_000.0, "status": "SUCCESS",
        "timestamp": NOW, "channel": "app",
    }  # fmt: skip
    fastavro.schemaless_writer(buffer, schema, record)
    return b"\x00" + FingerprintIds(file.parent).id_of(schema).to_bytes(4, "big") + buffer.getvalue()


def poison(newer: Path) -> list[Poison]:
    encode = clients.codec().encode

    def of_kind(n: int) -> Poison:
        order = replace(ORDER, order_id=f"poison-{n}")
        return [
            Poison(b"\x01" + encode(order)[1:], "^the magic byte is 1, not 0$"),
            Poison(written_with(newer, n), r"^schema id \d+ is unknown$"),
            Poison(encode(order)[:-3], "^undecodable Avro: "),
            Poison(encode(replace(order, amount=float("nan"))), "^amount nan is not a number$"),
            Poison(encode(replace(order, amount=float("inf"))), "^amount inf is not a number$"),
            Poison(encode(replace(order, user_id=-7)), "^user_id -7 is negative$"),
            Poison(encode(replace(order, timestamp=NOW + timedelta(days=2))), "^timestamp .* is more than a day after"),
        ][n % 7]

    return [of_kind(n) for n in range(POISON)]


def buried(admin: AdminClient) -> list[DeadLetter]:
    """Everything that the dead-letter topic of transactions holds."""
    partitions = [(Topic.TRANSACTIONS.dead_letters, number) for number in range(settings.TOPIC_PARTITIONS)]
    begins, ends = begin_offsets(admin, partitions), end_offsets(admin, partitions)
    consumer = reader("test-reader")
    try:
        return [
            letter
            for each in partitions
            for message in read_range(consumer, each, begins[each], ends[each])
            if (letter := DeadLetter.of(message))
        ]
    finally:
        consumer.close()


def counts(platform: Platform) -> dict[str, object]:
    return {
        "rows": platform.query("SELECT count(*) FROM transactions")[0][0],
        "alerts": platform.query("SELECT count(*) FROM fraud_fraudalert")[0][0],
        "counted": platform.query("SELECT sum(transaction_count) FROM analytics_hourlytotal")[0][0],
        "cents": platform.query("SELECT sum(total_cents) FROM analytics_hourlytotal")[0][0],
        "told": platform.query("SELECT count(*) FROM notifications_notification WHERE kind = 'ORDER_PAID'")[0][0],
    }


def run_workers_until_done(platform: Platform) -> None:
    processes = [platform.start(command, "--instance", "0") for command in COMMANDS] + [platform.start("run_relay")]
    platform.run("wait_for_workers")
    for process in processes:
        process.terminate()
    assert [process.wait(60) for process in processes] == [0] * len(processes)


def test_poison_is_buried_with_its_reason_and_comes_back_once_mended(
    platform_processes: Platform, kafka: AdminClient, tmp_path: Path
) -> None:
    schemas = tmp_path / "schemas"
    shutil.copytree(settings.SCHEMAS, schemas)
    platform_processes.environment["SCHEMAS"] = str(schemas)
    newer = newer_schema(tmp_path)
    bad, good = poison(newer), good_orders()
    values = [poison.value for poison in bad] + [clients.codec().encode(order) for order in good]
    random.shuffle(values)
    send_all(clients.producer(), [Outgoing(Topic.TRANSACTIONS, str(n % 50).encode(), v) for n, v in enumerate(values)])
    run_workers_until_done(platform_processes)

    letters = buried(kafka)
    assert {letter.group for letter in letters} == GROUPS
    for group in GROUPS:
        ours = [letter for letter in letters if letter.group == group]
        assert Counter(letter.content.value for letter in ours) == Counter(each.value for each in bad)
        reasons = {letter.content.value: letter.reason for letter in ours}
        assert all(re.search(each.reason, reasons[each.value]) for each in bad)
    assert len({letter.origin for letter in letters}) == POISON
    cents = sum(order.cents for order in good)
    assert counts(platform_processes) == {"rows": GOOD, "alerts": 0, "counted": GOOD, "cents": cents, "told": GOOD}

    shown = platform_processes.run("redrive", "--dry-run")
    assert "50 messages would be sent again; nothing was." in shown
    assert len(buried(kafka)) == len(letters)

    shutil.copytree(newer.parent, schemas / "newer")
    mended = sum("unknown" in each.reason for each in bad)
    assert f"{POISON} messages were sent again." in platform_processes.run("redrive")
    run_workers_until_done(platform_processes)
    assert counts(platform_processes) == {
        "rows": GOOD + mended,
        "alerts": mended,
        "counted": GOOD + mended,
        "cents": cents + mended * 2_000_000_000,
        "told": GOOD + mended,
    }
    # What is still bad was buried again, by every group; what was mended is gone for good.
    assert f"{POISON - mended} messages would be sent again" in platform_processes.run("redrive", "--dry-run")
    assert len(buried(kafka)) == len(letters) + (POISON - mended) * len(GROUPS)
