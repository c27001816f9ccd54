from datetime import UTC, datetime
from itertools import pairwise
from time import time_ns
from uuid import RFC_4122, UUID

import pytest

from events.ids import RANDOM_BITS, new_id, uuid7

MILLISECOND = 1_000_000
MOST = 2**RANDOM_BITS - 1


def test_it_is_the_example_of_the_rfc() -> None:
    # RFC 9562, A.6; its rand_a, 0xCC3, is the fraction of the millisecond here.
    moment = 0x017F22E279B0 * MILLISECOND + 0xCC3 * MILLISECOND // 4096 + 1
    assert uuid7(moment, 0x18C4DC0C0C07398F) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


@pytest.mark.parametrize("moment", [0, 1, 999_999, MILLISECOND, 1_795_760_859_837_245_970, 2**48 * MILLISECOND - 1])
@pytest.mark.parametrize("chance", [0, 1, MOST])
def test_whatever_the_moment_and_chance_it_is_a_uuid_of_version_7(moment: int, chance: int) -> None:
    read = UUID(uuid7(moment, chance))
    assert (read.version, read.variant) == (7, RFC_4122)
    assert str(read) == uuid7(moment, chance)
    assert read.int >> 80 == moment // MILLISECOND
    assert read.int & MOST == chance


def test_a_later_one_comes_later_in_an_index_whatever_chance_does() -> None:
    began = time_ns()
    ids = [uuid7(began + 250 * number, MOST if number % 2 else 0) for number in range(20_000)]
    assert all(one < next_one for one, next_one in pairwise(ids))


def test_new_ids_are_of_now_and_all_different() -> None:
    before = datetime.now(UTC)
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    placed = [(UUID(each).int >> 80) / 1000 for each in ids]
    assert before.timestamp() - 0.001 <= min(placed) <= max(placed) <= datetime.now(UTC).timestamp()
