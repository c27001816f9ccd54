"""The way from MySQL to topics and index: Connect, Debezium, the outbox, and whether all stages agree."""

from grafana.boards.known import seen
from grafana.dashboard import Dashboard, Section
from grafana.panels import GOOD, WORSE, Figure, Lines, Query, Steps

MISMATCHES = (
    "sum(platform_reconciliation_mismatches)"
    " and on () (time() - max(platform_reconciliation_timestamp_seconds) < 86400)"
)
"""Found within a day: what was compared before that says nothing of now."""
WORKER = "kafka_connect_connect_worker_metrics_connector"

NOW = [
    Figure(
        title="Failed tasks",
        description="How many tasks have failed? Of Connect's connectors. The watchdog starts them again; where that "
        "does not help, `manage.py heal_connectors` does, or says why they fail.",
        unit="none",
        queries=[Query(f"sum({WORKER}_failed_task_count)")],
        steps=Steps(None, 1),
    ),
    Figure(
        title="Running tasks",
        description="How many tasks run? One for each connector. Fewer: a connector is paused, failed, or was never "
        "made; `manage.py deploy_connectors` makes them.",
        unit="none",
        queries=[Query(f"sum({WORKER}_running_task_count)")],
        steps=Steps(2, 1, rising=False),
    ),
    Figure(
        title="Debezium's way to MySQL",
        description="Is Debezium connected? Each connector's connection to the binlog. `broken` for more than 10 s "
        "after MySQL is back: restart its task.",
        unit="none",
        queries=[Query('min by (name) (debezium_metrics_connected{context="streaming"})', "{{name}}")],
        texts={0: ("broken", WORSE), 1: ("connected", GOOD)},
    ),
    Figure(
        title="Oldest row of the outbox",
        description="How long has it waited? Told by the application, not yet in its topic. Above 60 s the outbox "
        "connector is silent, though it may say RUNNING: restart its task; nothing is lost.",
        unit="s",
        decimals=1,
        queries=[Query("max(platform_outbox_oldest_seconds)")],
        steps=Steps(10, 60),
    ),
    Figure(
        title="Figures that disagree",
        description="How many did `manage.py reconcile` find, within a day, between topic, MySQL, totals, alerts and "
        "index? Above 0: run "
        "it again, and with `--repair` if it says the same.",
        unit="none",
        queries=[Query(MISMATCHES)],
        nothing="not compared",
        steps=Steps(None, 1),
    ),
]

CAPTURE = [
    Lines(
        title="How far is Debezium behind MySQL?",
        description="From a change's commit to its capture, of the last event. It stays where it was while nothing "
        "changes. Rising while rows change: Connect or the brokers are slow.",
        unit="ms",
        minimum=None,
        queries=[Query('max by (name) (debezium_metrics_millisecondsbehindsource{context="streaming"})', "{{name}}")],
        steps=Steps(1000, 10000),
    ),
    Lines(
        title="How much does each connector carry?",
        description="Records a second into Kafka. Nothing while rows change: the connector is silent; look at its "
        "task's state and trace.",
        unit="suffix:records/s",
        queries=[
            Query(
                "sum by (connector) "
                "(rate(kafka_connect_source_task_metrics_source_record_write_total[$__rate_interval]))",
                "{{connector}}",
            )
        ],
    ),
    Lines(
        title="How many tasks run, and how many have failed?",
        description="By connector. A task that fails again and again has a record it cannot carry: its trace names it.",
        unit="none",
        queries=[
            Query(f"sum by (connector) ({WORKER}_running_task_count)", "{{connector}} run"),
            Query(f"sum by (connector) ({WORKER}_failed_task_count)", "{{connector}} failed", dashed=True),
        ],
    ),
]

ONWARDS = [
    Lines(
        title="How much waits in the outbox?",
        description="Rows that are not yet in their topics. A hill after a burst is fine; a slope says that nobody "
        "carries them.",
        unit="suffix:rows",
        queries=[Query("max(platform_outbox_waiting_rows)", "rows")],
    ),
    Lines(
        title="How old is the oldest of them?",
        description="Up to a few seconds. A line at 45 degrees: nothing is carried at all.",
        unit="s",
        queries=[Query("max(platform_outbox_oldest_seconds)", "oldest row")],
        steps=Steps(10, 60),
    ),
    Lines(
        title="Does the search index keep up?",
        description="Changes of the table that are captured and not yet in Elasticsearch. Rising: Elasticsearch is "
        "slow or away, or the indexer (the sink, in Docker) has stopped.",
        unit="short",
        queries=[
            Query(seen('sum(kafka_consumergroup_lag{topic="mysql.transactions"})'), "not in the index yet"),
        ],
    ),
]

AGREEMENT = [
    Lines(
        title="Which figures disagree?",
        description="Mismatches by comparison, by the last reconciliation. While events are under way a few are "
        "normal; those that stay are what `manage.py reconcile --repair` mends.",
        unit="none",
        queries=[Query("sum by (comparison) (platform_reconciliation_mismatches)", "{{comparison}}")],
        steps=Steps(None, 1),
    ),
    Lines(
        title="When was it last compared?",
        description="Celery beat starts it. Older than a day: beat or a Celery worker does not run.",
        unit="s",
        queries=[Query("time() - max(platform_reconciliation_timestamp_seconds)", "ago")],
        steps=Steps(7200, 86400),
    ),
    Lines(
        title="What does Connect cost?",
        description="Processor, in cores, of its Java process. A whole core for long: it makes up for an outage, or a "
        "task restarts over and over.",
        unit="suffix:cores",
        queries=[
            Query(
                'sum by (instance) (rate(process_cpu_seconds_total{job="connect"}[$__rate_interval]))', "{{instance}}"
            )
        ],
    ),
    Lines(
        title="How full is Connect's heap?",
        description="Used of what is allowed. Above 90 % for long: give it more (-Xmx) before it dies of it.",
        unit="percentunit",
        maximum=1,
        queries=[
            Query(
                'sum by (instance) (jvm_memory_used_bytes{job="connect", area="heap"})'
                ' / sum by (instance) (jvm_memory_max_bytes{job="connect", area="heap"})',
                "{{instance}}",
            )
        ],
        steps=Steps(0.85, 0.95),
    ),
]

DASHBOARD = Dashboard(
    uid="platform-cdc",
    title="CDC and Connect",
    description="Does every change of MySQL reach its topic and the index, and do all stages agree?",
    sections=[
        Section("Now", [NOW]),
        Section("From MySQL", [CAPTURE]),
        Section("Onwards", [ONWARDS]),
        Section("Agreement and cost", [AGREEMENT]),
    ],
)
