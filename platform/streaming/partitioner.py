"""On which partition a user's events belong. Pure.

All events of a user share a partition, so that one process sees them in order. That holds only where every producer
places keys alike; others' do not, so readers work out where a record belongs, and believe that.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from time import monotonic

Partition = tuple[str, int]
"""(topic, number)"""

ASKED_AGAIN_SECONDS = 30.0
SEED, M, R = 0x9747B28C, 0x5BD1E995, 24
U32 = 0xFFFFFFFF
USERS_REMEMBERED = 100_000


def log_position(topic: str, partition: int, offset: int | None) -> str:
    """Where a record stands, in words: topic[partition]@offset."""
    return f"{topic}[{partition}]@{offset}"


def murmur2(key: Sequence[int]) -> int:
    """The hash of a key's bytes, 32 bits unsigned, as Kafka's own clients place by it.

    Source: org.apache.kafka.common.utils.Utils.murmur2, which is MurmurHash2 by Austin Appleby with a fixed seed.
    column_homes.py compiles it: no number here has more than 63 bits.
    """
    h = (SEED ^ len(key)) & U32
    whole = len(key) & ~3
    for at in range(0, whole, 4):
        k = (key[at] | key[at + 1] << 8 | key[at + 2] << 16 | key[at + 3] << 24) * M & U32
        h = (h * M & U32) ^ ((k ^ k >> R) * M & U32)
    if whole < len(key):
        for nth in range(whole, len(key)):
            h ^= key[nth] << 8 * (nth - whole)
        h = h * M & U32
    h = (h ^ h >> 13) * M & U32
    return h ^ h >> 15


@lru_cache(maxsize=USERS_REMEMBERED)
def home_of(user_id: int, partitions: int) -> int:
    """The partition, of so many, on which a user's events belong: the one that Java's default partitioner chooses."""
    return (murmur2(str(user_id).encode()) & 0x7FFFFFFF) % partitions


class Homes:
    """Where users belong on each topic.

    count: asks the cluster for a topic's number of partitions. It is asked again once its answer is half a minute old
    and something seems misplaced: a topic may have grown.
    """

    def __init__(self, count: Callable[[str], int], clock: Callable[[], float] = monotonic) -> None:
        self._count = count
        self._clock = clock
        self._known: dict[str, tuple[int, float]] = {}

    def partitions(self, topic: str) -> int:
        """How many a topic had when that was asked last."""
        return (self._known.get(topic) or self._ask(topic))[0]

    def is_home(self, topic: str, partition: int, user_id: int) -> bool:
        """Whether a record about this user belongs where it lies."""
        partitions, asked_at = self._known.get(topic) or self._ask(topic)
        if home_of(user_id, partitions) == partition:
            return True
        if self._clock() - asked_at < ASKED_AGAIN_SECONDS:
            return False
        return home_of(user_id, self._ask(topic)[0]) == partition

    def _ask(self, topic: str) -> tuple[int, float]:
        self._known[topic] = self._count(topic), self._clock()
        return self._known[topic]
