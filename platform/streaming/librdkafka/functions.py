"""librdkafka's C functions that are asked here, as rdkafka.h documents them.

It is the very library that confluent-kafka brings and loads.
"""

import sys
from functools import cache
from pathlib import Path
from typing import Any

import cffi
import confluent_kafka

DECLARED = """
typedef struct rd_kafka_s rd_kafka_t;
typedef struct rd_kafka_conf_s rd_kafka_conf_t;
typedef struct rd_kafka_topic_s rd_kafka_topic_t;
typedef struct rd_kafka_queue_s rd_kafka_queue_t;
typedef struct rd_kafka_event_s rd_kafka_event_t;
typedef struct rd_kafka_headers_s rd_kafka_headers_t;
typedef struct rd_kafka_error_s rd_kafka_error_t;
typedef struct {
    int err; rd_kafka_topic_t *rkt; int32_t partition; void *payload; size_t len; void *key; size_t key_len;
    int64_t offset; void *_private;
} rd_kafka_message_t;
typedef struct {
    char *topic; int32_t partition; int64_t offset; void *metadata; size_t metadata_size; void *opaque; int err;
    void *_private;
} rd_kafka_topic_partition_t;
typedef struct { int cnt; int size; rd_kafka_topic_partition_t *elems; } rd_kafka_topic_partition_list_t;

int rd_kafka_version(void);
const char *rd_kafka_err2str(int err);
void rd_kafka_mem_free(rd_kafka_t *rk, void *ptr);
rd_kafka_conf_t *rd_kafka_conf_new(void);
void rd_kafka_conf_destroy(rd_kafka_conf_t *conf);
int rd_kafka_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value, char *errstr, size_t errstr_size);
void rd_kafka_conf_set_events(rd_kafka_conf_t *conf, int events);
rd_kafka_t *rd_kafka_new(int type, rd_kafka_conf_t *conf, char *errstr, size_t errstr_size);
const char *rd_kafka_name(const rd_kafka_t *rk);
int rd_kafka_consumer_close(rd_kafka_t *rk);
void rd_kafka_destroy(rd_kafka_t *rk);

int rd_kafka_set_log_queue(rd_kafka_t *rk, rd_kafka_queue_t *rkqu);
rd_kafka_queue_t *rd_kafka_queue_get_main(rd_kafka_t *rk);
rd_kafka_queue_t *rd_kafka_queue_get_consumer(rd_kafka_t *rk);
void rd_kafka_queue_destroy(rd_kafka_queue_t *rkqu);
rd_kafka_event_t *rd_kafka_queue_poll(rd_kafka_queue_t *rkqu, int timeout_ms);
int rd_kafka_event_type(const rd_kafka_event_t *rkev);
const char *rd_kafka_event_stats(rd_kafka_event_t *rkev);
int rd_kafka_event_log(rd_kafka_event_t *rkev, const char **fac, const char **str, int *level);
void rd_kafka_event_destroy(rd_kafka_event_t *rkev);

rd_kafka_topic_partition_list_t *rd_kafka_topic_partition_list_new(int size);
rd_kafka_topic_partition_t *rd_kafka_topic_partition_list_add(
    rd_kafka_topic_partition_list_t *list, const char *topic, int32_t partition);
void rd_kafka_topic_partition_list_destroy(rd_kafka_topic_partition_list_t *list);
int rd_kafka_subscribe(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *topics);
int rd_kafka_assignment(rd_kafka_t *rk, rd_kafka_topic_partition_list_t **partitions);
int rd_kafka_commit(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *offsets, int async);
int rd_kafka_committed(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *partitions, int timeout_ms);
int rd_kafka_position(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *partitions);
rd_kafka_error_t *rd_kafka_seek_partitions(
    rd_kafka_t *rk, rd_kafka_topic_partition_list_t *partitions, int timeout_ms);
int rd_kafka_error_code(const rd_kafka_error_t *error);
void rd_kafka_error_destroy(rd_kafka_error_t *error);
char *rd_kafka_memberid(const rd_kafka_t *rk);

ssize_t rd_kafka_consume_batch_queue(
    rd_kafka_queue_t *rkqu, int timeout_ms, rd_kafka_message_t **rkmessages, size_t rkmessages_size);
const char *rd_kafka_topic_name(const rd_kafka_topic_t *rkt);
const char *rd_kafka_message_errstr(const rd_kafka_message_t *rkmessage);
int64_t rd_kafka_message_timestamp(const rd_kafka_message_t *rkmessage, int *tstype);
int rd_kafka_message_headers(const rd_kafka_message_t *rkmessage, rd_kafka_headers_t **hdrsp);
int rd_kafka_header_get_all(
    const rd_kafka_headers_t *hdrs, size_t idx, const char **namep, const void **valuep, size_t *sizep);
void rd_kafka_message_destroy(rd_kafka_message_t *rkmessage);
"""

FFI = cffi.FFI()
FFI.cdef(DECLARED)


class NotUsable(ImportError):
    """librdkafka cannot be asked in this way here; says why."""


@cache
def library() -> Any:
    """librdkafka, as confluent-kafka brings it; raises NotUsable."""
    if sys.maxsize.bit_length() != 63 or sys.byteorder != "little":
        raise NotUsable("this machine's addresses are not 64 bits, little-endian")
    package = Path(confluent_kafka.__file__).parent
    files = sorted(
        [*package.with_name("confluent_kafka.libs").glob("librdkafka*.so*"), *package.glob(".dylibs/librdkafka*")]
    )
    if len(files) != 1:
        raise NotUsable(f"confluent-kafka brings {len(files)} files of librdkafka")
    found = FFI.dlopen(str(files[0]))
    if found.rd_kafka_version() != confluent_kafka.libversion()[1]:
        raise NotUsable(f"{files[0].name} is not the librdkafka {confluent_kafka.libversion()[0]} that is loaded")
    return found


def text(words: Any) -> str:
    """A string of C's."""
    return str(FFI.string(words).decode(errors="replace"))


def octets(begin: Any, size: int) -> bytes | None:
    """So many bytes that begin there; None: there are none, not even an empty string."""
    return None if begin == FFI.NULL else bytes(FFI.buffer(begin, size))
