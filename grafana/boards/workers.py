"""The workers: batches, handling, freshness, dead letters, and what their Kafka client sees."""

from grafana.boards.known import EACH_WORKER, or_none_of
from grafana.dashboard import Dashboard, Section, Variable
from grafana.panels import Figure, Lines, Query, Steps

WORKER = Variable("worker", "Worker", "label_values(platform_worker_batch_records_count, worker)")
ONLY = '{worker=~"$worker"}'


def quantile(share: float, name: str) -> str:
    return f"histogram_quantile({share}, sum by (le, worker) (rate({name}_bucket{ONLY}[$__rate_interval])))"


def rate(name: str, by: str = "worker") -> str:
    return f"sum by ({by}) (rate({name}{ONLY}[$__rate_interval]))"


NOW = [
    Figure(
        title="Freshness of each worker",
        description="How old is the news that each acts on? Up to two seconds for a worker that is idle and well. "
        "Above 30 s it lags, hangs, or has lost its broker: compare the lag, the handling time and the brokers below.",
        unit="s",
        decimals=1,
        queries=[Query(f"max by (worker) (platform_worker_freshness_seconds{ONLY})", "{{worker}}")],
        steps=Steps(10, 30),
        width=12,
    ),
    Figure(
        title="Records buried within an hour",
        description="How many became dead letters? More than 0: `manage.py redrive --dry-run` says what they are and "
        "why; mend, then redrive.",
        unit="none",
        decimals=0,
        queries=[Query(or_none_of(f"sum(increase(platform_worker_dead_letters_total{ONLY}[1h]))", EACH_WORKER))],
        steps=Steps(None, 1),
    ),
    Figure(
        title="Time since the last commit",
        description="How long ago did the worker commit that committed last? It grows while nothing is written; while "
        "records wait, a worker that does not commit hangs.",
        unit="s",
        decimals=0,
        queries=[Query(f"time() - max(platform_worker_last_commit_timestamp_seconds{ONLY} > 0)")],
    ),
]

WORK = [
    Lines(
        title="How much does each worker get done?",
        description="Events handled a second. Much above what is written: it repeats batches; look for restarts.",
        unit="suffix:events/s",
        queries=[Query(rate("platform_worker_events_handled_total"), "{{worker}}")],
    ),
    Lines(
        title="How large are the batches?",
        description="Half of them were at most this large. Full batches (1,000) for long: the worker is at its limit; "
        "batches of 1: it idles.",
        unit="suffix:records",
        queries=[Query(quantile(0.5, "platform_worker_batch_records"), "{{worker}}")],
    ),
    Lines(
        title="How long does a batch take?",
        description="From its arrival to its commit, 95 of 100. Rising at the same batch size: the database or "
        "Elasticsearch is slow.",
        unit="s",
        room=0.01,
        queries=[Query(quantile(0.95, "platform_worker_handling_seconds"), "{{worker}}")],
        steps=Steps(1, 10),
    ),
]

STANDING = [
    Lines(
        title="How fresh is each worker?",
        description="The age of the newest moment up to which everything is applied. A line at 45 degrees is a worker "
        "that stands still.",
        unit="s",
        queries=[Query(f"max by (worker) (platform_worker_freshness_seconds{ONLY})", "{{worker}}")],
        steps=Steps(10, 30),
    ),
    Lines(
        title="How far behind does each believe to be?",
        description="Records not committed yet, as its own client knows. It must agree with the dashboard of lag.",
        unit="short",
        queries=[Query(f"sum by (worker) (platform_worker_lag_records{ONLY})", "{{worker}}")],
    ),
    Lines(
        title="How often is work handed around?",
        description="Rebalances in 5 minutes. A start or stop makes one or two; more: members are thrown out, because "
        "a batch takes longer than max.poll.interval.ms or the process dies.",
        unit="none",
        decimals=0,
        queries=[Query(f"sum by (worker) (increase(platform_worker_rebalances_total{ONLY}[5m]))", "{{worker}}")],
    ),
]

TROUBLE = [
    Lines(
        title="What is buried, and why?",
        description="Dead letters a second. `unreadable`: not our Avro; `implausible`: cannot be true; `refused`: the "
        "handler would not have it. `manage.py redrive --dry-run` lists them.",
        unit="suffix:letters/s",
        queries=[
            Query(
                rate("platform_worker_dead_letters_total", "worker, topic, reason"), "{{worker}} {{topic}} {{reason}}"
            )
        ],
    ),
    Lines(
        title="How long do brokers take to answer?",
        description="By each worker's client, 99 of 100; an idle fetch waits half a second by design. One broker "
        "above the others: look at it on the dashboard of brokers.",
        unit="s",
        room=0.01,
        queries=[
            Query(
                'max by (worker, broker) (platform_worker_broker_latency_seconds{worker=~"$worker", quantile="0.99"})',
                "{{worker}} → {{broker}}",
            )
        ],
    ),
]

CLIENTS = [
    Lines(
        title="How many brokers does each reach?",
        description="Connections that stand. Fewer than brokers that hold its partitions: the network or a broker is "
        "away.",
        unit="none",
        queries=[Query(f"sum by (worker) (platform_worker_broker_up{ONLY})", "{{worker}}")],
    ),
    Lines(
        title="How much do they talk to Kafka?",
        description="Requests a second. Many small ones while little is read: batches are not filled.",
        unit="reqps",
        queries=[Query(rate("platform_worker_kafka_requests_total"), "{{worker}}")],
    ),
    Lines(
        title="How many files does each hold open?",
        description="Connections among them, as a share of what it may open. A line that only rises: something is "
        "opened and never closed; restart that worker before it reaches 100 %.",
        unit="percentunit",
        queries=[
            Query(
                f"max by (worker) (process_open_fds{ONLY} / process_max_fds{ONLY})",
                "{{worker}}",
            )
        ],
        steps=Steps(0.7, 0.9),
    ),
]

COST = [
    Lines(
        title="How much processor does each take?",
        description="Cores; a process has one at most. Near 1: start more processes of this worker.",
        unit="suffix:cores",
        queries=[Query(rate("process_cpu_seconds_total"), "{{worker}}")],
        steps=Steps(0.8, 1),
    ),
    Lines(
        title="How much memory does each hold?",
        description="Resident. The aggregator's is largest: it remembers 100,000 order ids a partition. A line that "
        "only rises is a leak.",
        unit="bytes",
        queries=[Query(f"sum by (worker) (process_resident_memory_bytes{ONLY})", "{{worker}}")],
    ),
]

DASHBOARD = Dashboard(
    uid="platform-workers",
    title="Workers",
    description="How much does each worker get done, how fast, and what stands in its way?",
    variables=[WORKER],
    sections=[
        Section("Now", [NOW]),
        Section("Work", [WORK, STANDING, TROUBLE]),
        Section("What their Kafka clients see", [CLIENTS]),
        Section("What they cost", [COST]),
    ],
)
