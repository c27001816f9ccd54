"""What the worker's loop reads, hands on and buries."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from confluent_kafka import Message

from streaming.message_fields import partition
from streaming.partitioner import Partition
from streaming.records import Batch, Record

if TYPE_CHECKING:
    from streaming.columns import Orders


class InvalidMessage(ValueError):
    """This message can never be processed, however often it is tried; says why."""

    kind: ClassVar[str] = "unreadable"
    """the class of reasons under which its burial is counted"""


class ImplausibleMessage(InvalidMessage):
    """This message can be read, and what it states cannot be true."""

    kind = "implausible"


class InvalidRecords(ValueError):
    """A handler has done its work but for these records, which can never be processed; says why of each."""

    def __init__(self, reasons: "Sequence[tuple[Record[Any], str]]") -> None:
        super().__init__(f"{len(reasons)} records cannot be processed, the first one since: {reasons[0][1]}")
        self.reasons = reasons


REFUSED = "refused"


KINDS = (InvalidMessage.kind, ImplausibleMessage.kind, REFUSED)
"""Why messages are buried: they cannot be read, cannot be true, or the handler refuses them."""


@dataclass(frozen=True, slots=True)
class Buried:
    """A message that cannot be processed, and the reason."""

    message: Message
    reason: str
    kind: str = InvalidMessage.kind
    """the class of reasons, one of KINDS"""


@dataclass(frozen=True, slots=True)
class Arrived:
    """What came at once, some of it read in columns already."""

    size: int
    """how many messages it had"""
    orders: "Orders | None"
    others: Sequence[Message]
    """those not among the orders, in order within each partition"""
    last: Mapping[Partition, Message]
    """the last message of each (topic, partition)"""
    find: Callable[[Sequence[Record[Any]]], Sequence[Message]]
    """the message of each of these records"""

    def of(self, partitions: Set[Partition]) -> "Arrived | None":
        """What of it came of these partitions; None: nothing."""
        if self.last.keys() <= partitions:
            return self
        last = {where: message for where, message in self.last.items() if where in partitions}
        others = [message for message in self.others if partition(message) in partitions]
        orders = self.orders and self.orders.of(partitions)
        return Arrived(len(others) + len(orders or ()), orders, others, last, self.find) if last else None


@dataclass(frozen=True, slots=True)
class Progress:
    """A batch that has been dealt with and committed."""

    size: int
    """how many messages it had"""
    batch: Batch[Any]
    """what the handler was given"""
    buried: Sequence[Buried]
    last: Mapping[Partition, Message]
    """the last message of each (topic, partition)"""
    seconds: float
    """from the batch's arrival to its commit"""
