"""Asking where a partition begins and ends, while its leader moves."""

from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from streaming import log_reader
from streaming.log_reader import bounds


class Moving:
    """A client whose first answers are refusals."""

    def __init__(self, *codes: int) -> None:
        self.refusals = [KafkaException(KafkaError(code)) for code in codes]
        self.heard = 0

    def get_watermark_offsets(self, of: TopicPartition, timeout: float) -> tuple[int, int]:
        if len(self.refusals) > self.heard:
            raise self.refusals[self.heard]
        return 3, 9

    def list_topics(self, topic: str, timeout: float) -> None:
        self.heard += 1


def test_a_leader_that_has_moved_is_asked_for_again() -> None:
    client: Any = Moving(KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE)
    assert bounds(client, ("transactions", 0)) == (3, 9)
    assert client.heard == 2


@pytest.mark.parametrize(
    ("code", "seconds"), [(KafkaError.TOPIC_AUTHORIZATION_FAILED, 30), (KafkaError.NOT_LEADER_FOR_PARTITION, -1)]
)
def test_what_is_no_move_or_lasts_too_long_is_an_error(
    monkeypatch: pytest.MonkeyPatch, code: int, seconds: float
) -> None:
    monkeypatch.setattr(log_reader, "TIMEOUT_SECONDS", seconds)
    client: Any = Moving(code)
    with pytest.raises(KafkaException):
        bounds(client, ("transactions", 0))
    assert client.heard == 0
