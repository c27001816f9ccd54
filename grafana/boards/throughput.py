"""How much producers write and consumers read."""

from grafana.boards.known import seen
from grafana.dashboard import Dashboard, Section, Variable
from grafana.panels import Bars, Lines, Query, Steps

TOPIC = Variable("topic", "Topic", 'label_values(kafka_topic_partitions{topic!~"__.*|connect-.*"}, topic)')
GROUP = Variable(
    "group",
    "Consumer group",
    'label_values(kafka_consumergroup_members{consumergroup!~".*-schemahistory"}, consumergroup)',
)

WRITTEN_TO = seen("sum by (topic) (rate(kafka_topic_partition_current_offset{%s}[$__rate_interval]))")
"""By topic; %s: which ones."""
CHOSEN_TOPICS = 'topic=~"$topic"'
READ = 'rate(kafka_consumergroup_current_offset{consumergroup=~"$group", topic=~"$topic"}[$__rate_interval])'
KEPT_STEP = (
    f"sum by (consumergroup, topic) ({READ}) - on (topic) group_left () "
    f"sum by (topic) (rate(kafka_topic_partition_current_offset{{{CHOSEN_TOPICS}}}[$__rate_interval]))"
)

WRITTEN = [
    Lines(
        title="How many records are written, to which topic?",
        description="By the ends of the topics' partitions. Nothing while there should be: look whether the API gets "
        "requests, whether the outbox waits, and whether `run_producer` or Celery runs.",
        unit="suffix:records/s",
        queries=[Query(WRITTEN_TO.replace("%s", CHOSEN_TOPICS), "{{topic}}")],
    ),
    Lines(
        title="How many records do brokers themselves count, in which topic?",
        description="Of producers, markers of transactions among them, without what brokers copy from each other. It "
        "must go with the panel to the left; if it does not, `run_monitor` sees another cluster.",
        unit="suffix:records/s",
        queries=[
            Query(
                "sum by (topic) (rate(kafka_server_brokertopicmetrics_messagesin_total"
                '{topic!="", topic=~"$topic"}[$__rate_interval]))',
                "{{topic}}",
            )
        ],
    ),
]

WRITING = [
    Lines(
        title="How many bytes come in and go out, of which topic?",
        description="Of all brokers, by topic; dashed: out, to consumers. Much more out than in: many groups read, or "
        "one reads all anew.",
        unit="binBps",
        queries=[
            Query(
                "sum by (topic) "
                f'(rate(kafka_server_brokertopicmetrics_{way}_total{{topic!="", topic=~"$topic"}}[$__rate_interval]))',
                f"{{{{topic}}}} {name}",
                dashed=name == "out",
            )
            for way, name in (("bytesin", "in"), ("bytesout", "out"))
        ],
    ),
    Bars(
        title="Do the partitions share the load evenly?",
        description="What was written to each partition in the last 5 minutes. One far above the others: a single "
        "user makes most of the events (records are keyed by user_id), and more partitions will not help.",
        unit="suffix:records/s",
        decimals=1,
        queries=[
            Query(
                seen(
                    'sum by (topic, partition) (rate(kafka_topic_partition_current_offset{topic=~"$topic", '
                    'topic=~"transactions|transactions.status|fraud.alerts|mysql.transactions"}[5m]))'
                ),
                "{{topic}} {{partition}}",
            )
        ],
    ),
]

TROUBLE = [
    Lines(
        title="How long does a write take?",
        description="From a broker's receiving a produce request to its answer, when the replicas have it too. If it "
        "rises: a broker is slow or missing; compare brokers on their dashboard.",
        unit="ms",
        queries=[
            Query(
                'max by (instance) (kafka_network_requestmetrics_totaltimems{request="Produce", quantile="0.99"})',
                "{{instance}}, 99 of 100",
            )
        ],
        steps=Steps(100, 1000),
    ),
    Lines(
        title="How much is buried?",
        description="Dead letters a second, by topic and reason. More than nothing: `manage.py redrive --dry-run` "
        "shows them, and sends them through again once their cause is mended.",
        unit="suffix:letters/s",
        queries=[
            Query(
                "sum by (topic, reason) (rate(platform_worker_dead_letters_total[$__rate_interval]))",
                "{{topic}} {{reason}}",
            )
        ],
    ),
]

READING = [
    Lines(
        title="How many records does each group read?",
        description="By its committed offsets. Nothing while its topics move: it has stopped; the dashboard of lag "
        "says whether nobody is in it, or somebody hangs.",
        unit="suffix:records/s",
        queries=[Query(seen(f"sum by (consumergroup) ({READ})"), "{{consumergroup}}")],
    ),
    Lines(
        title="Do readers keep up with writers?",
        description="Read less written, a second. Around 0: they do. Below it for long: lag grows; start more "
        "processes of that worker, up to the number of partitions.",
        unit="suffix:records/s",
        minimum=None,
        queries=[Query(seen(KEPT_STEP), "{{consumergroup}} {{topic}}")],
    ),
]

FETCHING = [
    Lines(
        title="How much do workers fetch from the brokers?",
        description="By what their own clients tell. Much above the records read: they start again and again from the "
        "last commit.",
        unit="binBps",
        queries=[
            Query(
                "sum by (worker) (rate(platform_worker_message_received_bytes_total[$__rate_interval]))",
                "{{worker}}",
            )
        ],
    ),
]

DASHBOARD = Dashboard(
    uid="platform-throughput",
    title="Producer and consumer throughput",
    description="How much is written, how much is read, and do they keep step?",
    variables=[TOPIC, GROUP],
    sections=[
        Section("Producers", [WRITTEN, WRITING, TROUBLE]),
        Section("Consumers", [READING, FETCHING]),
    ],
)
