"""What is said of measurements that were taken several times."""

import pytest

from bench.figures import Spread, ratio, rounded, written


def test_a_spread_has_the_middle_measurement_and_both_ends() -> None:
    assert Spread.of([3, 9, 4]) == Spread(4, 3, 9)
    assert Spread.of([1, 2]) == Spread(1.5, 1, 2)


def test_there_is_no_spread_of_nothing() -> None:
    with pytest.raises(ValueError, match="median"):
        Spread.of([])


def test_ratios_are_of_medians() -> None:
    assert ratio(Spread(50, 1, 1000), Spread(200, 200, 200)) == 0.25
    assert ratio(Spread(50, 50, 50), Spread(0, 0, 0)) is None


@pytest.mark.parametrize(
    ("value", "text"), [(0.01234, "0.0123"), (0, "0"), (9.876, "9.88"), (99.96, "100"), (12345.6, "12,346")]
)
def test_numbers_are_written_for_people(value: float, text: str) -> None:
    assert written(value) == text


def test_no_measurement_is_worth_more_than_four_digits() -> None:
    assert rounded(1234.567) == 1235
    assert rounded(0.00123456) == 0.001235
