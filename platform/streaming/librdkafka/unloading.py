"""What librdkafka has fetched, taken over into columns by a compiled loop, and given back to it.

Messages are reached by their addresses, and only by what rdkafka.h promises: functions, and the fields of
rd_kafka_message_t.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from streaming.compiling import TABLE, WORDS, compiled

Addresses = NDArray[np.int64]
Columns = NDArray[np.int64]
_written: Any = intrinsic

ERROR, TOPIC, PARTITION, VALUE, VALUE_BYTES, KEY, KEY_BYTES, OFFSET = range(0, 64, 8)
"""where the fields of a rd_kafka_message_t stand, where an address takes 64 bits"""
LOWER_32 = 0xFFFF_FFFF
"""an int of C's, in whose place eight bytes were read"""
UNAVAILABLE = 0
"""RD_KAFKA_TIMESTAMP_NOT_AVAILABLE"""
LONGEST_KEY = 255
NONE = -1
PLACE, NUMBER, AT, RECEIVED, KIND, KEY_BEGIN, BEGIN, END = range(8)
"""the columns that unload() fills: its place among what came, its partition and offset, its timestamp in milliseconds
since 1970 (NONE: not known) and of which kind that is, where its key begins (NONE: it has none) and ends, which is
where its value begins, and where that ends"""
COLUMNS = 8

_INT64, _OCTETS = ir.IntType(64), ir.IntType(8).as_pointer()


@_written
def _word_at(_: Any, address: Any) -> Any:
    """The eight bytes there."""

    def written(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.load(builder.inttoptr(values[0], _INT64.as_pointer()))

    return types.int64(types.int64), written


@_written
def _copy(_: Any, to: Any, source: Any, size: Any) -> Any:
    def written(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        target, origin = (builder.inttoptr(value, _OCTETS) for value in values[:2])
        copying: Any = cgutils.raw_memcpy
        copying(builder, target, origin, values[2], 1)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), written


@_written
def _destroy(_: Any, function: Any, message: Any) -> Any:
    """Call void f(message)."""

    def written(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kind = ir.FunctionType(ir.VoidType(), [_INT64])
        builder.call(builder.inttoptr(values[0], kind.as_pointer()), values[1:])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), written


def _asked(answer: Any) -> Any:
    """What calls a function of C's that takes a message and the address of a word, and answers with such a number."""

    @_written
    def asked(_: Any, function: Any, message: Any, word: Any) -> Any:
        def written(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            kind = ir.FunctionType(ir.IntType(answer.bitwidth), [_INT64, _INT64])
            return builder.call(builder.inttoptr(values[0], kind.as_pointer()), values[1:])

        return answer(types.int64, types.int64, types.int64), written

    return asked


_asked_int, _asked_long = _asked(types.int32), _asked(types.int64)


@compiled(types.int64(WORDS))
def octets_of(messages: Addresses) -> int:
    """How many bytes their keys and values have."""
    found = 0
    for message in messages:
        found += _word_at(message + KEY_BYTES) + _word_at(message + VALUE_BYTES)
    return found


@compiled(types.int64(WORDS, TABLE))
def survey(messages: Addresses, found: Columns) -> int:
    """Find each topic and partition that there are messages of, in the order of their first, and the last of each.

    found: rows of a topic's address, a partition, and the place of its last message. Returns how many there are; NONE
    if they are more than `found` has rows, or there is an error among the messages.
    """
    count, here = 0, 0
    for place in range(len(messages)):
        message = messages[place]
        if _word_at(message + ERROR) & LOWER_32:
            return NONE
        topic, number = _word_at(message + TOPIC), _word_at(message + PARTITION) & LOWER_32
        if count == 0 or found[here, 0] != topic or found[here, 1] != number:
            here = 0
            while here < count and (found[here, 0] != topic or found[here, 1] != number):
                here += 1
            if here == len(found):
                return NONE
            if here == count:
                found[here, 0], found[here, 1] = topic, number
                count += 1
        found[here, 2] = place
    return count


@compiled(types.int64(WORDS, WORDS, types.int64, WORDS, WORDS, types.uint8[::1], TABLE))
def unload(  # noqa: PLR0917 - numba knows no others
    messages: Addresses,
    topics: Addresses,
    most: int,
    functions: Addresses,
    answer: Addresses,
    octets: NDArray[np.uint8],
    columns: Columns,
) -> int:
    """Take over what may be a plain order, and give it back to librdkafka; leave everything else untouched.

    messages: none is an error; in the place of each that was taken over 0 is left. topics: addresses of those that are
    to be taken over, without headers, with a value of at most so many bytes. functions: addresses of librdkafka's
    message_timestamp, message_headers and message_destroy. answer: a word for these to answer in. octets: as many as
    octets_of() says; keys and values are put there. columns: of COLUMNS rows. Returns how many were taken over.
    """
    taken, end = 0, 0
    timestamp, headers, destroy = functions[0], functions[1], functions[2]
    for place in range(len(messages)):
        message = messages[place]
        topic, value, key = _word_at(message + TOPIC), _word_at(message + VALUE), _word_at(message + KEY)
        value_bytes, key_bytes = _word_at(message + VALUE_BYTES), _word_at(message + KEY_BYTES)
        ours = False
        for each in topics:
            ours |= each == topic
        if not ours or value == 0 or value_bytes > most or key_bytes > LONGEST_KEY:
            continue
        if _asked_int(headers, message, answer.ctypes.data) == 0:
            continue
        columns[RECEIVED, taken] = _asked_long(timestamp, message, answer.ctypes.data)
        columns[KIND, taken] = answer[0] & LOWER_32
        if columns[KIND, taken] == UNAVAILABLE:
            columns[RECEIVED, taken] = NONE
        columns[PLACE, taken] = place
        columns[NUMBER, taken] = _word_at(message + PARTITION) & LOWER_32
        columns[AT, taken] = _word_at(message + OFFSET)
        columns[KEY_BEGIN, taken] = end if key else NONE
        if key:
            _copy(octets.ctypes.data + end, key, key_bytes)
            end += key_bytes
        columns[BEGIN, taken] = end
        _copy(octets.ctypes.data + end, value, value_bytes)
        end += value_bytes
        columns[END, taken] = end
        taken += 1
        _destroy(destroy, message)
        messages[place] = 0
    return taken
