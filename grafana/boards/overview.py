"""What to look at first: is all well, and if not, where?"""

from grafana.dashboard import Dashboard, Section
from grafana.panels import BAD, GOOD, WORSE, Figure, Lines, Query, States, Steps

LATENCY = "django_http_requests_latency_including_middlewares_seconds"
OF_GROUPS = 'consumergroup!~".*-schemahistory"'
"""Debezium's own groups have members only while it starts."""
VERDICT = (
    f'max by (consumergroup) (kafka_consumergroup_verdict{{verdict="WARN", {OF_GROUPS}}})'
    f' + 2 * max by (consumergroup) (kafka_consumergroup_verdict{{verdict="ERR", {OF_GROUPS}}})'
)


def of_each_kind(selected: str) -> list[Query]:
    """The sum by job; what stores and machine show as processes is of their exporters.

    selected: an expression, with %s where labels are selected
    """
    exporters = 'job{}"mysql|elasticsearch|redis|node"'
    ours = "sum by (job) (" + selected.replace("%s", exporters.format("!~")) + ")"
    theirs = "sum by (job) (" + selected.replace("%s", exporters.format("=~")) + ")"
    return [Query(ours, "{{job}}"), Query(theirs, "{{job}}'s exporter")]


AT_A_GLANCE = [
    Figure(
        title="How many parts do not answer?",
        description="Processes that Prometheus asks for their metrics and that give none. Above 0: look below which, "
        "then at its log, var/cluster/log/<name>.log, or `docker compose logs <name>`.",
        unit="none",
        queries=[Query("count(up == 0) or vector(0)")],
        steps=Steps(None, 1),
    ),
    Figure(
        title="How many brokers are up?",
        description="Of three. With two, everything goes on; with one, writes are refused and the API's orders wait "
        "in the outbox: start the brokers that are missing.",
        unit="none",
        queries=[Query("max(kafka_brokers)")],
        steps=Steps(3, 2, rising=False),
        more="platform-brokers",
    ),
    Figure(
        title="How many records wait to be read?",
        description="Of all consumer groups together. It may rise in a burst, and must fall again: the dashboard of "
        "lag says whose they are, and how long they will take.",
        unit="short",
        queries=[Query("sum(kafka_consumergroup_lag)")],
        more="platform-lag",
    ),
    Figure(
        title="How old is the news that workers act on?",
        description="The worst worker's freshness. Above 30 s fraud is seen too late: the dashboard of workers shows "
        "which one lags, hangs, or has lost its broker.",
        unit="s",
        decimals=1,
        queries=[Query("max(platform_worker_freshness_seconds)")],
        steps=Steps(10, 30),
        more="platform-workers",
    ),
    Figure(
        title="How many suspicions wait for somebody?",
        description="Fraud alerts that are OPEN or INVESTIGATING. If they grow from day to day, more of them are "
        "raised than investigators can work off.",
        unit="short",
        queries=[Query('sum(platform_fraud_alerts{state=~"OPEN|INVESTIGATING"})')],
        more="platform-fraud",
    ),
    Figure(
        title="How many figures disagree?",
        description="What `manage.py reconcile` found different last between topic, MySQL, totals, alerts and index. "
        "Above 0: run it again, and `--repair` if it says the same.",
        unit="none",
        queries=[Query("sum(platform_reconciliation_mismatches)")],
        nothing="not compared yet",
        steps=Steps(None, 1),
        more="platform-cdc",
    ),
    Figure(
        title="How many alerts fire?",
        description="Prometheus' own, but for the dead-man switch, which always does. Each links to its runbook.",
        unit="none",
        queries=[Query('count(ALERTS{alertstate="firing", severity!="none"}) or vector(0)')],
        steps=Steps(None, 1),
    ),
]

FLOW = [
    Lines(
        title="How much is written, to which topic?",
        description="Records a second. `transactions` at nothing while the shop is open: look at the API's rate, then "
        "at the outbox. A topic of dead letters that moves: `manage.py redrive --dry-run` says why.",
        unit="suffix:records/s",
        queries=[
            Query(
                "sum by (topic) "
                '(rate(kafka_topic_partition_current_offset{topic!~"__.*|connect-.*"}[$__rate_interval]))',
                "{{topic}}",
            )
        ],
        more="platform-throughput",
    ),
    Lines(
        title="How much does each worker get done?",
        description="Events handled a second. One line lower than the others while records wait: that worker is slow, "
        "or restarts over and over; its log says which.",
        unit="suffix:events/s",
        queries=[Query("sum by (worker) (rate(platform_worker_events_handled_total[$__rate_interval]))", "{{worker}}")],
        more="platform-workers",
    ),
    Lines(
        title="How fast does the API answer?",
        description="Half, and 99 of 100, of its answers came within this time. If the upper one rises alone, look at "
        "the slowest views, then at the database.",
        unit="s",
        queries=[
            Query(f"histogram_quantile({share}, sum by (le) (rate({LATENCY}_bucket[$__rate_interval])))", name)
            for share, name in ((0.5, "half of them"), (0.99, "99 of 100"))
        ],
        more="platform-api",
    ),
]

PARTS = [
    States(
        title="Which part answered when?",
        description="Green: all processes of this kind gave Prometheus their metrics; red: one at least did not. A "
        "short red piece is a restart; its reason stands in the log.",
        unit="none",
        queries=[Query("min by (job) (up)", "{{job}}")],
        texts={1: ("answers", GOOD), 0: ("silent", WORSE)},
        width=14,
    ),
    States(
        title="Which consumer group was in trouble when?",
        description="Burrow's verdicts. WARN: the lag rises without ever falling. ERR: nobody reads, somebody hangs, "
        "or it went back. The dashboard of lag shows the partitions.",
        unit="none",
        queries=[Query(VERDICT, "{{consumergroup}}")],
        texts={0: ("OK", GOOD), 1: ("WARN", BAD), 2: ("ERR", WORSE)},
        more="platform-lag",
    ),
]

MACHINE = [
    Lines(
        title="What keeps the processors busy?",
        description="Cores taken by each kind of process that tells; 1 is one core. All of the machine's for long: "
        "move parts elsewhere, or lessen the load.",
        unit="suffix:cores",
        stacked=True,
        queries=of_each_kind("rate(process_cpu_seconds_total{%s}[$__rate_interval])"),
    ),
    Lines(
        title="Who holds the memory?",
        description="Resident memory by kind of process. A line that only ever rises is a leak: restart that part, "
        "and keep its metrics.",
        unit="bytes",
        stacked=True,
        queries=of_each_kind("process_resident_memory_bytes{%s}"),
    ),
]

DASHBOARD = Dashboard(
    uid="platform-overview",
    title="Platform overview",
    description="Is all well, and if not, where?",
    sections=[
        Section("Now", [AT_A_GLANCE]),
        Section("The flow", [FLOW]),
        Section("The parts", [PARTS]),
        Section("What it costs", [MACHINE]),
    ],
)
