"""Where a connector of Debezium's goes on from in MySQL's binlog, and when it cannot. Pure."""

import re

LOST_PLACE = re.compile(
    r"no longer available on the server|master has purged|purged required binary logs|"
    r"first log file name in binary log index|history topic (?:is missing|or its content is)"
)
"""What Debezium and MySQL say of a place in the binlog that is gone, or of a lost history of tables' definitions."""


def has_lost_its_place(trace: str) -> bool:
    """Whether a connector that failed with this trace has to begin anew."""
    return bool(LOST_PLACE.search(trace))
