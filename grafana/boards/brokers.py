"""Kafka's brokers and ZooKeeper: processor, memory, network, partitions, requests."""

from grafana.dashboard import Dashboard, Section, Variable
from grafana.panels import Figure, Lines, Query, Steps

INSTANCE = Variable("instance", "Broker", 'label_values(up{job="kafka"}, instance)')
ONLY = 'instance=~"$instance"'

NOW = [
    Figure(
        title="How many brokers are up?",
        description="Of three. Two suffice for every write; with one, writes are refused until a second is back.",
        unit="none",
        queries=[Query("max(kafka_brokers)")],
        steps=Steps(3, 2, rising=False),
    ),
    Figure(
        title="Is there one controller?",
        description="Exactly one broker leads the others. 0 for more than a moment: ZooKeeper cannot be reached, or "
        "has no leader. 2: a broker has lost touch and does not know it; restart that one.",
        unit="none",
        queries=[Query("sum(kafka_controller_kafkacontroller_activecontrollercount)")],
        texts={0: ("none", "red"), 1: ("one", "green"), 2: ("two", "red"), 3: ("three", "red")},
    ),
    Figure(
        title="How many partitions have too few replicas?",
        description="Partitions whose copies are not all in step. It follows a broker's stop and should end within a "
        "minute of its return; otherwise that broker is too slow, or its disk is full.",
        unit="none",
        queries=[Query("sum(kafka_server_replicamanager_underreplicatedpartitions)")],
        steps=Steps(1, 10),
    ),
    Figure(
        title="How many partitions serve nobody?",
        description="Partitions without a leader: nobody reads or writes them. Bring back the brokers that hold them.",
        unit="none",
        queries=[Query("sum(kafka_controller_kafkacontroller_offlinepartitionscount)")],
        steps=Steps(None, 1),
    ),
    Figure(
        title="How idle are the least idle request handlers?",
        description="Share of time in which a broker's handlers had nothing to do. Below 30 %: it is overloaded; more "
        "brokers, or fewer and larger batches.",
        unit="percentunit",
        decimals=0,
        queries=[Query("min(kafka_server_kafkarequesthandlerpool_requesthandleravgidle_percent)")],
        steps=Steps(0.3, 0.1, rising=False),
    ),
]

MACHINE = [
    Lines(
        title="How much processor does each broker take?",
        description="Cores. One far above the others leads more partitions, or serves a heavy client; compare leaders "
        "and bytes.",
        unit="suffix:cores",
        queries=[
            Query(
                f'sum by (instance) (rate(process_cpu_seconds_total{{job="kafka", {ONLY}}}[$__rate_interval]))',
                "{{instance}}",
            )
        ],
    ),
    Lines(
        title="How full is each heap?",
        description="Used of what is allowed at most. A saw between 20 and 80 % is healthy; staying above 90 %: give "
        "it more (-Xmx), or it will stop to collect over and over.",
        unit="percentunit",
        maximum=1,
        queries=[
            Query(
                f'sum by (instance) (jvm_memory_used_bytes{{job="kafka", area="heap", {ONLY}}})'
                f' / sum by (instance) (jvm_memory_max_bytes{{job="kafka", area="heap", {ONLY}}})',
                "{{instance}}",
            )
        ],
        steps=Steps(0.85, 0.95),
    ),
    Lines(
        title="How much memory does each broker hold?",
        description="Resident: heap, threads, and what the virtual machine needs for itself. Kafka leaves the rest of "
        "the machine's to the page cache on purpose.",
        unit="bytes",
        queries=[Query(f'sum by (instance) (process_resident_memory_bytes{{job="kafka", {ONLY}}})', "{{instance}}")],
    ),
    Lines(
        title="How long do brokers stop to collect garbage?",
        description="Share of time. Above 5 %: the heap is too small for the load; clients see it as slow answers.",
        unit="percentunit",
        queries=[
            Query(
                f'sum by (instance) (rate(jvm_gc_collection_seconds_sum{{job="kafka", {ONLY}}}[$__rate_interval]))',
                "{{instance}}",
            )
        ],
        steps=Steps(0.05, 0.2),
    ),
]

NETWORK = [
    Lines(
        title="How much goes through each broker?",
        description="Bytes of clients in and out. Very uneven: leaders are, see below; `kafka-leader-election` brings "
        "them home.",
        unit="Bps",
        queries=[
            Query(
                "sum by (instance) "
                f'(rate(kafka_server_brokertopicmetrics_{way}_total{{topic!="", {ONLY}}}[$__rate_interval]))',
                f"{{{{instance}}}} {name}",
            )
            for way, name in (("bytesin", "in"), ("bytesout", "out"))
        ],
    ),
    Lines(
        title="How many partitions does each broker hold and lead?",
        description="Held: copies of any kind; led: those it serves. A broker that leads none has just come back; "
        "leaders return within five minutes.",
        unit="none",
        queries=[
            Query(f"sum by (instance) (kafka_server_replicamanager_partitioncount{{{ONLY}}})", "{{instance}} holds"),
            Query(f"sum by (instance) (kafka_server_replicamanager_leadercount{{{ONLY}}})", "{{instance}} leads"),
        ],
    ),
    Lines(
        title="Which topics have copies out of step?",
        description="Partitions by topic with fewer replicas in step than there should be. All topics at once: a "
        "broker is away; one topic: its partitions sit on a slow disk.",
        unit="none",
        queries=[
            Query("sum by (topic) (kafka_topic_partition_under_replicated_partition)", "{{topic}}"),
        ],
    ),
]

STORED = [
    Lines(
        title="How much disk do the topics take?",
        description="All copies together. It grows until records are 30 days old, then stays; a "
        "topic that grows faster than the rest fills the disk first.",
        unit="bytes",
        stacked=True,
        queries=[Query(f"sum by (topic) (kafka_log_log_size{{{ONLY}}})", "{{topic}}")],
    ),
    Lines(
        title="How many connections does each broker hold?",
        description="Of clients and other brokers, by listener. Rising without end: a client opens new ones and "
        "closes none.",
        unit="none",
        queries=[
            Query(
                f"sum by (instance, listener) (kafka_server_socket_server_metrics_connection_count{{{ONLY}}})",
                "{{instance}} {{listener}}",
            )
        ],
    ),
    Lines(
        title="How often do copies fall out of step?",
        description="Replicas that left the set in sync, in 5 minutes. Again and again without a restart: a broker's "
        "disk or its collector is too slow.",
        unit="none",
        decimals=0,
        queries=[
            Query(
                f"sum by (instance) (increase(kafka_server_replicamanager_isrshrinks_total{{{ONLY}}}[5m]))",
                "{{instance}}",
            )
        ],
    ),
]

REQUESTS = [
    Lines(
        title="How long do requests take?",
        description="99 of 100, by kind, on the slowest chosen broker. A fetch waits up to half a second for records "
        "by design; a produce waits for the other replicas.",
        unit="ms",
        queries=[
            Query(
                f'max by (request) (kafka_network_requestmetrics_totaltimems{{quantile="0.99", {ONLY}}})',
                "{{request}}",
            )
        ],
        steps=Steps(None, 1000),
    ),
    Lines(
        title="How idle are the request handlers?",
        description="Share of time in which they had nothing to do. Below 30 % on one broker: move leaders away from "
        "it; on all: send fewer and larger batches, or add brokers.",
        unit="percentunit",
        maximum=1,
        queries=[
            Query(
                f"min by (instance) (kafka_server_kafkarequesthandlerpool_requesthandleravgidle_percent{{{ONLY}}})",
                "{{instance}}",
            )
        ],
        steps=Steps(0.3, 0.1, rising=False),
    ),
    Lines(
        title="Does ZooKeeper keep up?",
        description="Requests that wait in each node. More than 10 for long: its disk is slow; brokers will lose "
        "their sessions.",
        unit="none",
        queries=[Query("max by (instance) (zookeeper_outstandingrequests)", "{{instance}}")],
        steps=Steps(10, 100),
    ),
    Lines(
        title="How fast does ZooKeeper answer?",
        description="Average time of a request since the node's start. Above 50 ms: look at the disk it writes its "
        "log to.",
        unit="ms",
        queries=[Query("max by (instance) (zookeeper_avgrequestlatency)", "{{instance}}")],
        steps=Steps(10, 50),
    ),
]

DASHBOARD = Dashboard(
    uid="platform-brokers",
    title="Brokers",
    description="Are Kafka's brokers well: processor, memory, network, partitions, requests?",
    variables=[INSTANCE],
    sections=[
        Section("Now", [NOW]),
        Section("Processor and memory", [MACHINE]),
        Section("Network and partitions", [NETWORK, STORED]),
        Section("Requests and ZooKeeper", [REQUESTS]),
    ],
)
