"""Kafka's brokers and ZooKeeper: processor, memory, network, partitions, requests."""

from grafana.boards.known import of_every_broker, seen
from grafana.dashboard import Dashboard, Section, Variable
from grafana.panels import GOOD, WORSE, Figure, Lines, Query, Steps

INSTANCE = Variable("instance", "Broker", 'label_values(up{job="kafka"}, instance)')
ONLY = 'instance=~"$instance"'

NOW = [
    Figure(
        title="Brokers that answer",
        description="How many of the three are up? Two suffice for every write; with one, writes are refused until a "
        "second is back.",
        unit="none",
        queries=[Query("max(kafka_brokers)")],
        steps=Steps(3, 2, rising=False),
    ),
    Figure(
        title="Controllers",
        description="Does exactly one broker lead the others? 0 for more than a moment: ZooKeeper "
        "cannot be reached, or has no leader. 2: a broker has lost touch and does not know it; restart that one.",
        unit="none",
        queries=[Query(of_every_broker("sum(kafka_controller_kafkacontroller_activecontrollercount)", "> 1"))],
        texts={0: ("none", WORSE), 1: ("one", GOOD), 2: ("two", WORSE), 3: ("three", WORSE)},
    ),
    Figure(
        title="Offline partitions",
        description="How many partitions serve nobody? They have no leader: nobody reads or writes them. Bring back "
        "the brokers that hold them.",
        unit="none",
        queries=[Query(of_every_broker("sum(kafka_controller_kafkacontroller_offlinepartitionscount)", "> 0"))],
        steps=Steps(None, 1),
    ),
    Figure(
        title="Under min ISR",
        description="How many partitions take no writes? Fewer of their replicas are in sync than min.insync.replicas "
        "asks for: bring back the brokers that hold them.",
        unit="none",
        queries=[Query(of_every_broker("sum(kafka_server_replicamanager_underminisrpartitioncount)", "> 0"))],
        steps=Steps(None, 1),
    ),
    Figure(
        title="Out of sync",
        description="How many partitions have too few replicas? Their copies are not all in step. It follows a "
        "broker's stop and should end within a minute of its return; otherwise that broker is too slow, or its disk is "
        "full.",
        unit="none",
        queries=[Query(of_every_broker("sum(kafka_server_replicamanager_underreplicatedpartitions)", "> 0"))],
        steps=Steps(1, 10),
    ),
    Figure(
        title="Unclean elections",
        description="How many leaders were elected within a day that lacked records? We forbid it: more than 0 means "
        "that somebody allowed it, and that records were lost. `manage.py reconcile` says which.",
        unit="none",
        decimals=0,
        queries=[
            Query(
                of_every_broker(
                    "sum(increase(kafka_controller_controllerstats_uncleanleaderelections_total[1d]))", "> 0"
                )
            )
        ],
        steps=Steps(None, 1),
    ),
]

LIMITS = [
    Figure(
        title="Request handlers, least idle",
        description="How idle is the broker that is least so? Share of time without anything to do. Below 30 %: it is "
        "overloaded; more brokers, or fewer and larger batches.",
        unit="percentunit",
        decimals=0,
        queries=[
            Query(of_every_broker("min(kafka_server_kafkarequesthandlerpool_requesthandleravgidle_percent)", "< 0.3"))
        ],
        steps=Steps(0.3, 0.1, rising=False),
    ),
    Figure(
        title="Network threads, least idle",
        description="How idle are the threads that read requests and write answers? Below 30 %: more of them "
        "(num.network.threads), or fewer and larger requests.",
        unit="percentunit",
        decimals=0,
        queries=[Query(of_every_broker("min(kafka_network_socketserver_networkprocessoravgidle_percent)", "< 0.3"))],
        steps=Steps(0.3, 0.1, rising=False),
    ),
    Figure(
        title="Longest request queue",
        description="How many requests wait for a handler, on the broker where most do? A queue holds 500; above a "
        "hundred for long, clients wait: see whether handlers are idle or the disk is slow.",
        unit="none",
        queries=[Query(of_every_broker("max(kafka_network_requestchannel_requestqueuesize)", ">= 100"))],
        steps=Steps(100, 400),
    ),
    Figure(
        title="Open files, fullest broker",
        description="Which share of the files that a broker may open are open? Segments and connections; near 100 % "
        "it refuses clients and then stops: raise its limit (ulimit -n).",
        unit="percentunit",
        decimals=1,
        queries=[Query(of_every_broker('max(process_open_fds{job="kafka"} / process_max_fds{job="kafka"})', ">= 0.7"))],
        steps=Steps(0.7, 0.9),
    ),
]

MACHINE = [
    Lines(
        title="How much processor does each take?",
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
        title="How much memory does each hold?",
        description="Resident: heap, threads, and what the virtual machine needs for itself. Kafka leaves the rest of "
        "the machine's to the page cache on purpose.",
        unit="bytes",
        queries=[Query(f'sum by (instance) (process_resident_memory_bytes{{job="kafka", {ONLY}}})', "{{instance}}")],
    ),
    Lines(
        title="How long does garbage stop each?",
        description="Share of time that is spent on collecting it. Above 5 %: the heap is too small for the load; "
        "clients see it as slow answers.",
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
        description="Bytes of clients in and, dashed, out. Very uneven: leaders are, see below; "
        "`kafka-leader-election` brings them home.",
        unit="binBps",
        queries=[
            Query(
                "sum by (instance) "
                f'(rate(kafka_server_brokertopicmetrics_{way}_total{{topic!="", {ONLY}}}[$__rate_interval]))',
                f"{{{{instance}}}} {name}",
                dashed=name == "out",
            )
            for way, name in (("bytesin", "in"), ("bytesout", "out"))
        ],
    ),
    Lines(
        title="How many partitions does each broker hold and lead?",
        description="Held: copies of any kind; led, dashed: those it serves. A broker that leads none has just come "
        "back; leaders return within five minutes.",
        unit="none",
        queries=[
            Query(f"sum by (instance) (kafka_server_replicamanager_partitioncount{{{ONLY}}})", "{{instance}} holds"),
            Query(
                f"sum by (instance) (kafka_server_replicamanager_leadercount{{{ONLY}}})",
                "{{instance}} leads",
                dashed=True,
            ),
        ],
    ),
]

STEP = [
    Lines(
        title="Which topics have copies out of step?",
        description="Partitions by topic with fewer replicas in step than there should be. All topics at once: a "
        "broker is away; one topic: its partitions sit on a slow disk.",
        unit="none",
        queries=[
            Query(seen("sum by (topic) (kafka_topic_partition_under_replicated_partition)"), "{{topic}}"),
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
        title="How many requests wait for a handler?",
        description="The queue of each broker, and, dashed, that of answers waiting to be sent. Requests that wait: "
        "handlers are busy; answers that wait: the network threads are.",
        unit="none",
        queries=[
            Query(
                f"max by (instance) (kafka_network_requestchannel_requestqueuesize{{{ONLY}}})", "{{instance}} requests"
            ),
            Query(
                f"max by (instance) (kafka_network_requestchannel_responsequeuesize{{{ONLY}}})",
                "{{instance}} answers",
                dashed=True,
            ),
        ],
        steps=Steps(100, 400),
    ),
]

FILES = [
    Lines(
        title="How many files does each broker hold open?",
        description="Segments and connections, as a share of what it may open. A line that only rises: connections "
        "that nobody closes, or too many small segments.",
        unit="percentunit",
        queries=[
            Query(
                f'max by (instance) (process_open_fds{{job="kafka", {ONLY}}} / process_max_fds{{job="kafka", {ONLY}}})',
                "{{instance}}",
            )
        ],
        steps=Steps(0.7, 0.9),
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
        Section("Now", [NOW, LIMITS]),
        Section("Processor and memory", [MACHINE]),
        Section("Network and partitions", [NETWORK, STEP, STORED]),
        Section("Requests and ZooKeeper", [REQUESTS, FILES]),
    ],
)
