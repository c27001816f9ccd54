"""Which consumer group is behind, by how much, and does it get better?"""

from collections.abc import Iterable

from grafana.boards.known import seen
from grafana.boards.throughput import GROUP, TOPIC
from grafana.dashboard import Dashboard, Section
from grafana.panels import (
    BAD,
    GOOD,
    UNKNOWN,
    WORSE,
    Column,
    Figure,
    Label,
    Lines,
    Query,
    States,
    Steps,
    Table,
    leading,
)

GROUPS = 'consumergroup!~".*-schemahistory"'
"""Debezium's own groups have members only while it starts."""
CHOSEN_GROUPS = 'consumergroup=~"$group"'
CHOSEN = f'{CHOSEN_GROUPS}, topic=~"$topic"'
OF_EACH = "max by (consumergroup, topic, partition)"
LAG = seen("sum by (consumergroup) (kafka_consumergroup_lag{%s})")
"""By group; %s: which ones."""
VERDICTS = {0: ("OK", GOOD), 1: ("UNKNOWN", UNKNOWN), 2: ("WARN", BAD), 3: ("ERR", WORSE)}
PARTITION_VERDICTS = {
    0: ("OK", GOOD), 1: ("UNKNOWN", UNKNOWN), 2: ("HELD", BAD), 3: ("WARN", BAD),
    4: ("STALL", WORSE), 5: ("STOP", WORSE), 6: ("REWIND", WORSE),
}  # fmt: skip


def numbered(metric: str, by: str, selected: str, words: Iterable[str]) -> str:
    """The number of the verdict that holds: Grafana has words and colours for numbers. OK, the first, is 0."""
    return seen(
        " + ".join(
            f'{number} * max by ({by}) ({metric}{{verdict="{word}", {selected}}})'
            for number, word in enumerate(words)
            if number
        )
    )


def verdict(selected: str) -> str:
    """Of each group that is selected."""
    return numbered("kafka_consumergroup_verdict", "consumergroup", selected, (word for word, _ in VERDICTS.values()))


NOW = [
    Figure(
        title="Verdict on each group",
        description="Is every group well? Burrow's verdict. ERR: nobody reads while records wait (STOP), somebody "
        "hangs (STALL), or it went back (REWIND); start or restart that worker. WARN: its lag rises without ever "
        "falling; start more processes, unless it waits behind an open transaction. UNKNOWN: no broker tells.",
        unit="none",
        queries=[Query(verdict(CHOSEN_GROUPS), "{{consumergroup}}")],
        texts=VERDICTS,
        width=10,
    ),
    Figure(
        title="Records waiting",
        description="How many wait, in all chosen groups and topics? It says little without the pace at which they "
        "are read: look at the time to clear.",
        unit="short",
        queries=[Query(seen(f"sum(kafka_consumergroup_lag{{{CHOSEN}}})"))],
    ),
    Figure(
        title="Age of the oldest unread",
        description="How old is the oldest record that a chosen group has not read? Above 30 s, what users and "
        "investigators see is late.",
        unit="s",
        decimals=1,
        queries=[Query(seen(f"max(kafka_consumergroup_lag_seconds{{{CHOSEN}}})"))],
        steps=Steps(10, 30),
    ),
    Figure(
        title="Groups nobody is in",
        description="In how many groups is nobody? Of the platform's own and those that Kafka knows, but for "
        "`redrive` and Debezium's, which run when called. Another one: its worker does not run, so start it.",
        unit="none",
        queries=[Query(seen('sum(kafka_consumergroup_members{consumergroup!~"redrive|.*-schemahistory"} == bool 0)'))],
        steps=Steps(None, 1),
    ),
]

BEHIND = [
    Lines(
        title="Which group is behind, and by how much?",
        description="Records that each group has not read. A hill is a burst; a slope is a worker that is too slow or "
        "gone.",
        unit="short",
        queries=[Query(LAG.replace("%s", CHOSEN), "{{consumergroup}}")],
    ),
    Lines(
        title="How late is each group?",
        description="The age of the oldest record that waits, by the brokers' clock; 0: none waits. A line that rises "
        "by a second each second reads nothing at all.",
        unit="s",
        queries=[
            Query(seen(f"max by (consumergroup) (kafka_consumergroup_lag_seconds{{{CHOSEN}}})"), "{{consumergroup}}")
        ],
        steps=Steps(10, 30),
    ),
]

COURSE = [
    Lines(
        title="Does the lag grow or shrink?",
        description="By how many records a second, over the last half minute. Above 0 for minutes: more is written "
        "than this group can read; start more of its processes, up to the number of partitions.",
        unit="suffix:records/s",
        minimum=None,
        queries=[
            Query(
                seen(f"max by (consumergroup) (kafka_consumergroup_lag_trend{{{CHOSEN_GROUPS}}})"), "{{consumergroup}}"
            )
        ],
    ),
    Lines(
        title="When will it have caught up?",
        description="If it goes on as now; 0: nothing waits. A group that is behind and has no line does not catch up.",
        unit="s",
        queries=[
            Query(
                seen(f"max by (consumergroup) (kafka_consumergroup_time_to_clear_seconds{{{CHOSEN_GROUPS}}})"),
                "{{consumergroup}}",
            )
        ],
    ),
]

PEOPLE = [
    Lines(
        title="How many share the work?",
        description="Members of each group. Fewer than processes that should run: one restarts or was thrown out for "
        "being slow; more than partitions: the rest idle.",
        unit="none",
        queries=[
            Query(seen(f"max by (consumergroup) (kafka_consumergroup_members{{{CHOSEN_GROUPS}}})"), "{{consumergroup}}")
        ],
    ),
    States(
        title="When was which group in trouble?",
        description="Verdicts over time. Short ERR pieces at a deployment are restarts; WARN for long asks for more "
        "processes.",
        unit="none",
        queries=[Query(verdict(CHOSEN_GROUPS), "{{consumergroup}}")],
        texts=VERDICTS,
    ),
]

PARTITIONS = [
    Table(
        title="Which partitions are behind?",
        description="Each partition of each group. One far behind the others: its member hangs, its broker is slow, "
        "or one user's events fill it.",
        unit="none",
        rows={
            "consumergroup": leading("consumergroup", "group", 130),
            "topic": leading("topic", "topic"),
            "partition": Label("partition", 115),
        },
        columns=[
            Column(
                "verdict",
                numbered(
                    "kafka_consumergroup_partition_verdict",
                    "consumergroup, topic, partition",
                    CHOSEN,
                    (word for word, _ in PARTITION_VERDICTS.values()),
                ),
                "none",
                texts=PARTITION_VERDICTS,
                width=110,
            ),
            Column("records behind", seen(f"{OF_EACH} (kafka_consumergroup_lag{{{CHOSEN}}})"), "short", width=155),
            Column(
                "seconds late",
                seen(f"{OF_EACH} (kafka_consumergroup_lag_seconds{{{CHOSEN}}})"),
                "s",
                Steps(10, 30),
                width=140,
            ),
        ],
        worst_first=["verdict", "records behind"],
    ),
]

DASHBOARD = Dashboard(
    uid="platform-lag",
    title="Consumer group lag",
    description="Which group is behind, by how much, and does it get better?",
    variables=[GROUP, TOPIC],
    sections=[
        Section("Now", [NOW]),
        Section("How far behind", [BEHIND]),
        Section("Does it get better", [COURSE, PEOPLE]),
        Section("In detail", [PARTITIONS]),
    ],
)
