"""What fails a run of the workers' measurement."""

import pytest

from bench.workers.checking import Wrong, check_sent, refuse, told_by_producer


def test_a_producer_that_was_ended_is_held_to_what_it_says() -> None:
    said = "Sending 1e+06 mock orders a second with seed 7.\n1300000 orders sent and acknowledged.\n"
    check_sent("the producer", 1_300_000, told_by_producer(said))
    with pytest.raises(Wrong, match="1,300,001 orders came to the topic instead of 1,300,000"):
        check_sent("the producer", 1_300_001, told_by_producer(said))


def test_a_producer_that_says_nothing_is_not_believed() -> None:
    with pytest.raises(Wrong, match="does not say"):
        told_by_producer("Sending 1e+06 mock orders a second with seed 7.\n")


def test_one_difference_fails_the_run() -> None:
    refuse("the aggregator", "")
    with pytest.raises(Wrong, match="the aggregator is not exact: 1 × cents"):
        refuse("the aggregator", "1 × cents")
