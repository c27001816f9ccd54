"""Every stage of a running cluster, read out and held against what is expected."""

import json
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import Message
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

from native.driving.embedded import wait_until
from native.driving.expected import Expected, cents
from native.driving.running import RunningCluster


def decoded(cluster: RunningCluster, topic: str) -> list[tuple[Message, Any]]:
    """The records of a topic, as Confluent's own deserializer reads them with the registry's schemas."""
    registry = SchemaRegistryClient({"url": f"{cluster.layout.address('registry')}/apis/ccompat/v7"})
    decode = AvroDeserializer(registry)
    context = SerializationContext(topic, MessageField.VALUE)
    return [(message, decode(message.value(), context)) for message in cluster.read_topic(topic)]


def agree(cluster: RunningCluster, expected: Expected, timeout: float = 180) -> None:
    """Wait until every stage shows what went in, to the cent; fails with the differences that remain."""
    wait_until(lambda: left(cluster, expected) == {}, "as many as went in", timeout, lambda: left(cluster, expected))
    # Counts say nothing of changes of status: those may still be on their way to the index.
    deadline = time.monotonic() + 60
    while (found := differences(cluster, expected)) and time.monotonic() < deadline:
        time.sleep(1)
    assert found == {}


def left(cluster: RunningCluster, expected: Expected) -> dict[str, int]:
    """How many are still to come, by stage."""
    ((rows, counted, alerts, notified),) = cluster.sql(
        "SELECT (SELECT count(*) FROM transactions),"
        " (SELECT coalesce(sum(transaction_count), 0) FROM analytics_hourlytotal),"
        " (SELECT count(*) FROM fraud_fraudalert),"
        " (SELECT count(*) FROM notifications_notification WHERE kind = 'FRAUD_ALERT')"
    )
    missing = {
        "rows": len(expected.kept) - int(rows),
        "counted": sum(expected.sent.values()) - int(counted),
        "alerts": len(expected.alerts) - int(alerts),
        "alerts notified": len(expected.alerts) - int(notified),
        "documents": len(expected.kept) - int(cluster.elasticsearch("/transactions/_count")["count"]),
    }
    return {stage: count for stage, count in missing.items() if count}


def differences(cluster: RunningCluster, expected: Expected) -> dict[str, Any]:
    """Where a stage does not show what went in; empty if all agree, to the cent."""
    found = {
        "records of transactions": Counter(event["order_id"] for _, event in decoded(cluster, "transactions")),
        "records of transactions.status": Counter(
            (event["order_id"], event["status"]) for _, event in decoded(cluster, "transactions.status")
        ),
        "rows": {
            order_id: (int(user), cents(amount), status)
            for order_id, user, amount, status in cluster.sql(
                "SELECT order_id, user_id, amount, status FROM transactions"
            )
        },
        "alerts": {(order_id, cents(amount)) for order_id, amount in cluster.sql(
            "SELECT order_id, amount FROM fraud_fraudalert"
        )},
        "totals": {
            (int(user), hour): [int(each) for each in sums]
            for user, hour, *sums in cluster.sql(
                "SELECT user_id, date_format(timestampadd(HOUR, hour, '1970-01-01'), '%Y-%m-%d %H'), total_cents,"
                " transaction_count, settled_cents, failed_cents, refunded_cents FROM analytics_hourlytotal"
            )
        },
        "changes of rows": changed_rows(cluster),
        "documents": {
            order_id: (document["user_id"], cents(document["amount"]), document["status"])
            for order_id, document in cluster.documents().items()
        },
    }  # fmt: skip
    wanted = {
        "records of transactions": expected.sent,
        "records of transactions.status": expected.changes,
        "rows": expected.kept,
        "alerts": expected.alerts,
        "totals": {key: sums for key, sums in expected.totals.items() if any(sums)},
        "changes of rows": expected.rows | dict.fromkeys(expected.deleted),
        "documents": expected.kept,
    }
    return {stage: difference(wanted[stage], found[stage]) for stage in wanted if wanted[stage] != found[stage]}


def difference(wanted: Any, found: Any) -> str:
    """The first few items in which two collections differ."""
    if isinstance(wanted, dict):
        keys = [key for key in wanted.keys() | found.keys() if wanted.get(key) != found.get(key)]
        some = [f"{key}: {wanted.get(key)} expected, {found.get(key)} found" for key in keys[:5]]
        return f"{len(keys)} of {len(wanted)} differ: " + "; ".join(some)
    return f"missing {list(wanted - found)[:5]}, too many {list(found - wanted)[:5]}"


def changed_rows(cluster: RunningCluster) -> dict[str, tuple[int, int, str] | None]:
    """The last state of each row as `mysql.transactions` has it; None for a row that was deleted."""
    rows: dict[str, tuple[int, int, str] | None] = {}
    for message, change in decoded(cluster, "mysql.transactions"):
        if message.value() is None:
            continue  # the tombstone after a delete
        after = change["after"]
        order_id = (after or change["before"])["order_id"]
        rows[order_id] = after and (after["user_id"], cents(after["amount"]), after["status"])
    return rows


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def in_json(value: Any) -> str:
    return json.dumps(value, indent=2, default=str)
