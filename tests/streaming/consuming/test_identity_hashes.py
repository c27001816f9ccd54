from hashlib import shake_256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import Status, Transaction
from events.time import from_millis
from streaming.consuming.identity_hashes import AT_ONCE, IdentityHashes
from tests.columns import orders

KEY = bytes(range(32))
HASHES = IdentityHashes(KEY)
NO_NUMBER = 2**64 - 1


def by_hand(text: bytes, number: int, key: bytes = KEY) -> int:
    """Multilinear hashing as its paper has it, in Python's own numbers."""
    padded = text + bytes(-len(text) % 8)
    words = [len(text), number, *(int.from_bytes(padded[at : at + 8], "little") for at in range(0, len(padded), 8))]
    halves = [1, *(half for word in words for half in (word % 2**32, word >> 32))]
    digest = shake_256(key).digest(16 * len(halves))
    factors = [int.from_bytes(digest[at : at + 8], "little") for at in range(0, len(digest), 8)]
    left, right = (
        sum(half * factor for half, factor in zip(halves, factors[which::2], strict=True)) % 2**64 >> 32
        for which in (0, 1)
    )
    return (left << 32 | right) - (2**64 if left >> 31 else 0)


def test_a_hash_is_what_its_paper_says() -> None:
    # What is saved would be worth nothing, and repetitions would count, if this changed.
    named = {
        "a-1 7": (b"a-1", 7),
        "": (b"", NO_NUMBER),
        "é": ("é".encode(), NO_NUMBER),
        "x" * 300: (b"x" * 300, NO_NUMBER),
    }
    assert HASHES.of(list(named)).tolist() == [by_hand(*parts) for parts in named.values()]


@pytest.mark.parametrize("identity", ["a 07", "a +7", "a ٧", "a -7", "a", "7", "a 7x", "a " + "9" * 19])
def test_what_ends_with_no_number_as_an_order_does_is_hashed_as_text(identity: str) -> None:
    assert HASHES.of([identity]).tolist() == [by_hand(identity.encode(), NO_NUMBER)]


def test_identities_that_look_alike_differ() -> None:
    alike = [
        "a 7",
        "a 07",
        "a  7",
        " a 7",
        "a7",
        "a 7 ",
        "a\0 7",
        "a\0\0 7",
        "a 7 7",
        "7",
        " 7",
        "0 7",
        "a 70",
        "a SUCCESS",
    ]
    assert len(set(HASHES.of(alike).tolist())) == len(alike)


@given(
    st.lists(st.tuples(st.text(alphabet="abc 0\0~", min_size=1, max_size=63), st.integers(0, 2**31 - 1)), max_size=20)
)
def test_orders_in_columns_have_the_hashes_of_their_identities(told: list[tuple[str, int]]) -> None:
    events = [Transaction(order_id, user_id, 1.0, Status.SUCCESS, from_millis(1)) for order_id, user_id in told]
    columns = orders(*events)
    kept = [events[place].identity for place in columns.place.tolist()]
    assert HASHES.of_orders(columns).tolist() == HASHES.of(kept).tolist()


def test_more_than_are_hashed_at_once_have_the_same_hashes() -> None:
    identities = [f"{'x' * (number % 40)}-{number} {number}" for number in range(2 * AT_ONCE + 3)]
    hashes = HASHES.of(identities)
    assert len(set(hashes.tolist())) == len(identities)
    for place in (0, AT_ONCE - 1, AT_ONCE, 2 * AT_ONCE + 2):
        assert hashes[place] == HASHES.of([identities[place]])[0]


def test_of_nothing_there_is_no_hash() -> None:
    assert HASHES.of([]).tolist() == []


def test_other_keys_make_other_hashes_and_have_other_names() -> None:
    other = IdentityHashes(bytes(32))
    assert other.of(["a 7"]) != HASHES.of(["a 7"])
    assert other.name != HASHES.name == IdentityHashes(KEY).name
    assert len(HASHES.name) == 16
