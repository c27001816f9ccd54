"""What librdkafka's statistics say of a client. Pure; its STATISTICS.md lists every field."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from streaming.partitioner import Partition

MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class BrokerStatistics:
    is_up: bool
    latency: Mapping[str, float]
    """quantile → seconds from a request to its answer, over the last interval; empty if there was none"""


@dataclass(frozen=True, slots=True)
class ClientStatistics:
    """A client's counts since it was made, and its present state."""

    requests_sent: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    messages_sent: int = 0
    message_bytes_sent: int = 0
    messages_received: int = 0
    message_bytes_received: int = 0
    rebalances: int = 0
    brokers: Mapping[str, BrokerStatistics] = field(default_factory=dict)
    reads: frozenset[Partition] = frozenset()
    """the partitions that the client is given and reads"""
    lags: Mapping[Partition, int] = field(default_factory=dict)
    """records not committed yet, of each of them whose broker answers"""


def parse(statistics: str) -> ClientStatistics:
    """The statistics in librdkafka's JSON."""
    report = json.loads(statistics)
    brokers = {str(each["nodeid"]): _broker(each) for each in report["brokers"].values() if each["nodeid"] >= 0}
    read = {
        (topic["topic"], partition["partition"]): partition
        for topic in report["topics"].values()
        for partition in topic["partitions"].values()
        if partition["fetch_state"] == "active"
    }
    return ClientStatistics(
        requests_sent=report["tx"],
        bytes_sent=report["tx_bytes"],
        bytes_received=report["rx_bytes"],
        messages_sent=report["txmsgs"],
        message_bytes_sent=report["txmsg_bytes"],
        messages_received=report["rxmsgs"],
        message_bytes_received=report["rxmsg_bytes"],
        rebalances=report.get("cgrp", {}).get("rebalance_cnt", 0),
        brokers=brokers,
        reads=frozenset(read),
        lags={
            each: lag
            for each, partition in read.items()
            if _answers(partition["leader"], brokers) and (lag := _lag(partition)) is not None
        },
    )


def _broker(broker: Mapping[str, Any]) -> BrokerStatistics:
    rtt = broker["rtt"]
    latency = {"0.5": rtt["p50"] / MICROSECONDS, "0.99": rtt["p99"] / MICROSECONDS} if rtt["cnt"] else {}
    return BrokerStatistics(broker["state"] == "UP", latency)


def _answers(broker: int, brokers: Mapping[str, BrokerStatistics]) -> bool:
    return str(broker) in brokers and brokers[str(broker)].is_up


def _lag(partition: Mapping[str, int]) -> int | None:
    """Records that wait, or None if the client cannot know.

    Its own figure is unknown until the first commit, and counts the marker that ends a transaction, which nobody reads
    or commits. So where it has fetched up to the end and handed everything out, nothing waits: statistics come
    while it is asked for records, when what it handed out before has been handled.
    """
    end = partition["ls_offset"] if partition["ls_offset"] >= 0 else partition["hi_offset"]
    if 0 <= end <= partition["eof_offset"] and partition["fetchq_size"] == 0:
        return 0
    if partition["consumer_lag"] >= 0:
        return partition["consumer_lag"]
    return max(0, end - partition["lo_offset"]) if min(end, partition["lo_offset"]) >= 0 else None
