"""Which consumer group is behind, by how much, and does it get better?"""

from grafana.boards.throughput import GROUP, TOPIC
from grafana.dashboard import Dashboard, Section
from grafana.panels import BAD, GOOD, WORSE, Column, Figure, Lines, Query, States, Steps, Table

CHOSEN = '{consumergroup=~"$group", topic=~"$topic"}'
OF_GROUP = '{consumergroup=~"$group"}'
OF_EACH = "max by (consumergroup, topic, partition)"
VERDICT = (
    'max by (consumergroup) (kafka_consumergroup_verdict{verdict="WARN", consumergroup=~"$group"})'
    ' + 2 * max by (consumergroup) (kafka_consumergroup_verdict{verdict="ERR", consumergroup=~"$group"})'
    ' + 3 * max by (consumergroup) (kafka_consumergroup_verdict{verdict="UNKNOWN", consumergroup=~"$group"})'
)
VERDICTS = {0: ("OK", GOOD), 1: ("WARN", BAD), 2: ("ERR", WORSE), 3: ("UNKNOWN", BAD)}

NOW = [
    Figure(
        title="Is every group well?",
        description="Burrow's verdict on each. ERR: nobody reads while records wait (STOP), somebody hangs (STALL), "
        "or it went back (REWIND); start or restart that worker. WARN: its lag rises without ever falling; start more "
        "processes, unless it waits behind an open transaction. UNKNOWN: no broker tells.",
        unit="none",
        queries=[Query(VERDICT, "{{consumergroup}}")],
        texts=VERDICTS,
        width=12,
    ),
    Figure(
        title="How many records wait?",
        description="In all chosen groups and topics. It says little without the pace at which they are read: look at "
        "the time to clear.",
        unit="short",
        queries=[Query(f"sum(kafka_consumergroup_lag{CHOSEN})")],
    ),
    Figure(
        title="How long has the oldest waited?",
        description="The age of the oldest record that a chosen group has not read. Above 30 s, what users and "
        "investigators see is late.",
        unit="s",
        decimals=1,
        queries=[Query(f"max(kafka_consumergroup_lag_seconds{CHOSEN})")],
        steps=Steps(10, 30),
    ),
    Figure(
        title="How many groups are there nobody in?",
        description="Of the platform's own and those that Kafka knows, but for `redrive` and Debezium's, which run "
        "when called. Another one: its worker does not run, so start it.",
        unit="none",
        queries=[
            Query('count(kafka_consumergroup_members{consumergroup!~"redrive|.*-schemahistory"} == 0) or vector(0)')
        ],
        steps=Steps(None, 1),
    ),
]

BEHIND = [
    Lines(
        title="Which group is behind, and by how much?",
        description="Records that each group has not read. A hill is a burst; a slope is a worker that is too slow or "
        "gone.",
        unit="short",
        queries=[
            Query(f"sum by (consumergroup, topic) (kafka_consumergroup_lag{CHOSEN})", "{{consumergroup}} {{topic}}")
        ],
    ),
    Lines(
        title="How late is each group?",
        description="The age of the oldest record that waits, by the brokers' clock; 0: none waits. A line that rises "
        "by a second each second reads nothing at all.",
        unit="s",
        queries=[
            Query(
                f"max by (consumergroup, topic) (kafka_consumergroup_lag_seconds{CHOSEN})",
                "{{consumergroup}} {{topic}}",
            )
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
        queries=[Query(f"max by (consumergroup) (kafka_consumergroup_lag_trend{OF_GROUP})", "{{consumergroup}}")],
    ),
    Lines(
        title="When will it have caught up?",
        description="If it goes on as now; 0: nothing waits. A group that is behind and has no line does not catch up.",
        unit="s",
        queries=[
            Query(
                f"max by (consumergroup) (kafka_consumergroup_time_to_clear_seconds{OF_GROUP})",
                "{{consumergroup}}",
            )
        ],
    ),
    Lines(
        title="How many share the work?",
        description="Members of each group. Fewer than processes that should run: one restarts or was thrown out for "
        "being slow; more than partitions: the rest idle.",
        unit="none",
        queries=[Query(f"max by (consumergroup) (kafka_consumergroup_members{OF_GROUP})", "{{consumergroup}}")],
    ),
]

PARTITIONS = [
    States(
        title="When was which group in trouble?",
        description="Verdicts over time. Short ERR pieces at a deployment are restarts; WARN for long asks for more "
        "processes.",
        unit="none",
        queries=[Query(VERDICT, "{{consumergroup}}")],
        texts=VERDICTS,
        width=10,
    ),
    Table(
        title="Which partitions are behind?",
        description="Each partition of each group. One far behind the others: its member hangs, its broker is slow, "
        "or one user's events fill it.",
        unit="none",
        rows={"consumergroup": "group", "topic": "topic", "partition": "partition"},
        columns=[
            Column("records behind", f"{OF_EACH} (kafka_consumergroup_lag{CHOSEN})", "short"),
            Column(
                "seconds late",
                f"{OF_EACH} (kafka_consumergroup_lag_seconds{CHOSEN})",
                "s",
                Steps(10, 30),
            ),
            Column(
                "verdict",
                " + ".join(
                    f"{value} * {OF_EACH} (kafka_consumergroup_partition_verdict"
                    f'{{verdict="{verdict}", consumergroup=~"$group", topic=~"$topic"}})'
                    for value, verdict in enumerate(("WARN", "STALL", "STOP", "REWIND"), 1)
                ),
                "none",
                texts={
                    0: ("OK", GOOD), 1: ("WARN", BAD), 2: ("STALL", WORSE), 3: ("STOP", WORSE), 4: ("REWIND", WORSE),
                },
            ),
        ],
    ),
]  # fmt: skip

DASHBOARD = Dashboard(
    uid="platform-lag",
    title="Consumer group lag",
    description="Which group is behind, by how much, and does it get better?",
    variables=[GROUP, TOPIC],
    sections=[
        Section("Now", [NOW]),
        Section("How far behind", [BEHIND]),
        Section("Does it get better", [COURSE]),
        Section("In detail", [PARTITIONS]),
    ],
)
