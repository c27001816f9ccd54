from contextlib import closing

import numpy as np
import pytest
from confluent_kafka.admin import AdminClient
from django.conf import settings
from hypothesis import example, given
from hypothesis import strategies as st

from events.plausibility import MAX_USER_ID
from streaming import clients
from streaming.clients import Outgoing, send_all
from streaming.column_homes import homes_of
from streaming.log_reader import begins, read, reader
from streaming.partitioner import ASKED_AGAIN_SECONDS, Homes, home_of, murmur2
from streaming.topics import Topic


@pytest.mark.parametrize(
    ("key", "signed"),
    [
        # Of Kafka's own UtilsTest.
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_keys_hash_as_kafkas_own_clients_hash_them(key: bytes, signed: int) -> None:
    assert murmur2(key) == signed % 2**32


def test_users_are_at_home_where_our_producers_place_them(kafka: AdminClient) -> None:
    users = [*range(200), 2**31 - 1, 123_456_789]
    send_all(clients.producer(), (Outgoing(Topic.TRANSACTIONS, str(user).encode(), b"") for user in users))
    with closing(reader("of a test")) as consumer:
        messages = [message for some in read(consumer, begins(consumer, [Topic.TRANSACTIONS])) for message in some]
    placed = {int(message.key() or 0): message.partition() for message in messages}
    assert placed == {user: home_of(user, settings.TOPIC_PARTITIONS) for user in users}


@given(st.lists(st.integers(0, MAX_USER_ID), max_size=30), st.integers(1, 100))
@example([0, 9, 10, 99, 100, 9_999, 10_000, 99_999_999, 100_000_000, 10**9, MAX_USER_ID], 6)
def test_many_users_are_placed_as_each_of_them_is(users: list[int], partitions: int) -> None:
    placed = homes_of(np.array(users, np.int64), partitions)
    assert placed.tolist() == [home_of(user, partitions) for user in users]


def test_a_topic_that_has_grown_is_noticed_after_a_while() -> None:
    partitions, now = 3, [0.0]
    homes = Homes(lambda topic: partitions, lambda: now[0])
    user = next(user for user in range(100) if home_of(user, 3) != home_of(user, 6))
    assert homes.is_home("transactions", home_of(user, 3), user)
    partitions = 6
    assert not homes.is_home("transactions", home_of(user, 6), user)
    now[0] = ASKED_AGAIN_SECONDS
    assert homes.is_home("transactions", home_of(user, 6), user)
