"""What to look at first: is all well, and if not, where?"""

from grafana.boards.alerts import FIRING, RUNBOOKS, SILENT
from grafana.boards.api import ANSWERS, FAILING, LATENCY
from grafana.boards.cdc import MISMATCHES
from grafana.boards.known import OURS, of_every_worker, seen
from grafana.boards.lag import GROUPS, LAG, VERDICTS, verdict
from grafana.boards.throughput import WRITTEN_TO
from grafana.dashboard import Dashboard, Section
from grafana.panels import GOOD, WORSE, Figure, Lines, Query, States, Steps

BOARD_OF_JOB = {
    "kafka": "platform-brokers",
    "zookeeper": "platform-brokers",
    "workers": "platform-workers",
    "monitor": "platform-lag",
    "connect": "platform-cdc",
    "api": "platform-api",
    "mtail": "platform-security",
} | dict.fromkeys(("mysql", "elasticsearch", "redis", "node"), "platform-databases")


def of_each_kind(selected: str) -> list[Query]:
    """The sum by job; what stores and machine show as processes is of their exporters.

    selected: an expression, with %s where labels are selected
    """
    exporters = 'job{}"mysql|elasticsearch|redis|node"'
    ours = "sum by (job) (" + selected.replace("%s", exporters.format("!~")) + ")"
    theirs = "sum by (job) (" + selected.replace("%s", exporters.format("=~")) + ")"
    return [Query(ours, "{{job}}"), Query(theirs, "{{job}}'s exporter")]


ALERTS = 'count(ALERTS{alertstate="firing"}) - count(ALERTS{alertstate="firing", severity="none"})'
"""All but the dead-man switch, which always fires: without it, nobody looks whether others should."""

PARTS_AT_A_GLANCE = [
    Figure(
        title="Alerts firing",
        description="How many alerts fire? All but the dead-man switch, which always does; without that one they are "
        "not looked for at all, and this is unknown. The table below names them, each with its runbook.",
        unit="none",
        queries=[Query(ALERTS)],
        steps=Steps(None, 1),
    ),
    Figure(
        title="Silent instances",
        description="How many processes give Prometheus no metrics when asked? The table below names them. Look at "
        "their logs: var/cluster/log/<name>.log, or `docker compose logs <name>`.",
        unit="none",
        queries=[Query("count(up) - sum(up)")],
        steps=Steps(None, 1),
    ),
    Figure(
        title="Brokers that answer",
        description="How many of the three are up? With two, everything goes on; with one, writes are refused and "
        "the API's orders wait in the outbox: start the brokers that are missing.",
        unit="none",
        queries=[Query("max(kafka_brokers)")],
        steps=Steps(3, 2, rising=False),
        more="platform-brokers",
    ),
    Figure(
        title="Requests failing by our fault",
        description="Which share of the API's answers is 5xx? Above 0.1 % the month's error budget runs out early: "
        "the dashboard of the API says which views fail.",
        unit="percentunit",
        decimals=2,
        queries=[Query(FAILING.replace("%s", OURS))],
        nothing="no requests",
        steps=Steps(0.001, 0.01),
        more="platform-api",
    ),
]

WORK_AT_A_GLANCE = [
    Figure(
        title="Records waiting to be read",
        description="How many are not read yet, by all consumer groups together? It may rise in a burst, and must "
        "fall again: the dashboard of lag says whose they are, and how long they will take.",
        unit="short",
        queries=[Query(seen("sum(kafka_consumergroup_lag)"))],
        more="platform-lag",
    ),
    Figure(
        title="Freshness, worst worker",
        description="How old is the news that workers act on? Above 30 s fraud is seen too late: the dashboard of "
        "workers shows which one lags, hangs, or has lost its broker. Unknown while one of them is silent.",
        unit="s",
        decimals=1,
        queries=[Query(of_every_worker("max(platform_worker_freshness_seconds)"))],
        steps=Steps(10, 30),
        more="platform-workers",
    ),
    Figure(
        title="Fraud alerts not closed",
        description="How many suspicions are OPEN or INVESTIGATING? If they grow from day to day, more of them are "
        "raised than investigators can work off.",
        unit="short",
        queries=[Query('sum(platform_fraud_alerts{state=~"OPEN|INVESTIGATING"})')],
        more="platform-fraud",
    ),
    Figure(
        title="Figures that disagree",
        description="How many did `manage.py reconcile` find different, within a day, between topic, MySQL, totals, "
        "alerts and index? Above 0: run it again, and `--repair` if it says the same.",
        unit="none",
        queries=[Query(MISMATCHES)],
        nothing="not compared",
        steps=Steps(None, 1),
        more="platform-cdc",
    ),
]

FLOW = [
    Lines(
        title="How much is written, to which topic?",
        description="Records a second. `transactions` at nothing while the shop is open: look at the API's rate, then "
        "at the outbox. A topic of dead letters that moves: `manage.py redrive --dry-run` says why.",
        unit="suffix:records/s",
        queries=[Query(WRITTEN_TO.replace("%s", 'topic!~"__.*|connect-.*"'), "{{topic}}")],
        more="platform-throughput",
    ),
    Lines(
        title="Which group is behind, and by how much?",
        description="Records that each consumer group has not read. A hill is a burst; a slope is a worker that is "
        "too slow or gone.",
        unit="short",
        queries=[Query(LAG.replace("%s", GROUPS), "{{consumergroup}}")],
        more="platform-lag",
    ),
]

PACE = [
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
        room=0.01,
        queries=[
            Query(
                f"histogram_quantile({share}, sum by (le) (rate({LATENCY}_bucket{{{OURS}}}[$__rate_interval])))", name
            )
            for share, name in ((0.5, "half of them"), (0.99, "99 of 100"))
        ],
        more="platform-api",
    ),
    Lines(
        title="How are its callers answered?",
        description="Answers a second, by status, without those to monitors. 5xx is our fault; 4xx that grows is a "
        "caller's, or a contract that we broke.",
        unit="reqps",
        stacked=True,
        queries=[Query(f"sum by (status) (rate({ANSWERS}{{{OURS}}}[$__rate_interval]))", "{{status}}")],
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
        boards=BOARD_OF_JOB,
    ),
    States(
        title="Which consumer group was in trouble when?",
        description="Burrow's verdicts. WARN: the lag rises without ever falling. ERR: nobody reads, somebody hangs, "
        "or it went back. A gap: Kafka could not be observed. The dashboard of lag shows the partitions.",
        unit="none",
        queries=[Query(verdict(GROUPS), "{{consumergroup}}")],
        texts=VERDICTS,
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
    # Grafana lists dashboards from A to Z; digits come first.
    title="00 Platform overview",
    description="Is all well, and if not, where?",
    variables=[RUNBOOKS],
    sections=[
        Section("Now", [PARTS_AT_A_GLANCE, WORK_AT_A_GLANCE, [FIRING, SILENT]]),
        Section("The parts", [PARTS]),
        Section("The flow", [FLOW, PACE]),
        Section("What it costs", [MACHINE]),
    ],
)
