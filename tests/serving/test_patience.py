import pytest

from serving.patience import Patience, Waiting, WaitsFor, first_to_go

PATIENCE = Patience(head=15, request=60, pause=75)


@pytest.mark.parametrize(
    ("what", "seconds"),
    [(WaitsFor.HEAD, 15), (WaitsFor.BODY, 60), (WaitsFor.ANOTHER, 75), (WaitsFor.READER, 75)],
)
def test_each_thing_is_waited_for_as_long_as_it_may_take(what: WaitsFor, seconds: float) -> None:
    waiting = Waiting(what, since=1000, address="a")
    assert not PATIENCE.is_over(waiting, 1000 + seconds)
    assert PATIENCE.is_over(waiting, 1001 + seconds)


def test_of_one_address_the_connection_waited_for_longest_goes() -> None:
    waiting = {number: Waiting(WaitsFor.BODY, since=number, address="a") for number in (3, 1, 2)}
    assert first_to_go(waiting) == [1]


def test_an_address_that_holds_many_makes_room_before_one_that_holds_few() -> None:
    many = {f"many-{number}": Waiting(WaitsFor.HEAD, since=100 + number, address="many") for number in range(3)}
    old = {"old": Waiting(WaitsFor.ANOTHER, since=1, address="few")}
    assert first_to_go(old | many) == ["many-0"]


def test_one_of_twenty_goes_at_once() -> None:
    waiting = {number: Waiting(WaitsFor.HEAD, since=number, address="a") for number in range(100)}
    assert first_to_go(waiting) == [0, 1, 2, 3, 4]


def test_where_nobody_waits_nobody_goes() -> None:
    assert first_to_go({}) == []
