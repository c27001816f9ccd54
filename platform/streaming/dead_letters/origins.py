"""What a letter could not hold, read again where its record stands in the log."""

from contextlib import closing
from dataclasses import replace

from confluent_kafka import Consumer, KafkaError, KafkaException, Message

from streaming import message_fields
from streaming.dead_letters.addresses import NAMES as ADDRESS
from streaming.dead_letters.cutting import Content
from streaming.dead_letters.dead_letter import DeadLetter, digest
from streaming.log_reader import read_range

NOT_THERE = {
    KafkaError._UNKNOWN_PARTITION,
    KafkaError._UNKNOWN_TOPIC,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
}


def whole(consumer: Consumer, letter: DeadLetter) -> DeadLetter | None:
    """A letter with all that its record held; None: the log does not hold the record any more.

    consumer: a reader of the topic that the letter is about.
    """
    if not letter.is_cut:
        return letter
    message = _at(consumer, letter)
    if message is None or message.error():
        return None
    key, value = message_fields.key(message), message_fields.value(message)
    if digest(key, value) != letter.digest:
        # The topic was made anew, and another record stands there.
        return None
    headers = [each for each in message_fields.headers(message) or [] if each[0] not in ADDRESS]
    return replace(letter, content=Content(key, value, headers), digest=None)


def _at(consumer: Consumer, letter: DeadLetter) -> Message | None:
    """The message at a letter's origin."""
    where = (letter.topic, letter.partition)
    try:
        with closing(read_range(consumer, where, letter.offset, letter.offset + 1)) as found:
            message = next(found, None)
    except KafkaException as error:
        if error.args[0].code() in NOT_THERE:
            return None
        raise
    return message if message is not None and message.offset() == letter.offset else None
