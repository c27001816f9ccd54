"""MySQL, Elasticsearch, Redis, and the machine beneath them all."""

from grafana.dashboard import Dashboard, Section
from grafana.panels import BAD, GOOD, WORSE, Figure, Lines, Query, Steps

NOW = [
    Figure(
        title="MySQL",
        description="Does it answer its exporter? `silent`: writes through the API answer 503 and workers restart "
        "until it is back; look at its log.",
        unit="none",
        queries=[Query("min(mysql_up)")],
        texts={0: ("silent", WORSE), 1: ("answers", GOOD)},
    ),
    Figure(
        title="Elasticsearch",
        description="How is its cluster? Green: all copies stand. Yellow: a copy has no place, normal for one node "
        "with replicas. Red: part of an index cannot be searched; `GET _cluster/allocation/explain` says why.",
        unit="none",
        queries=[
            Query(
                'max(elasticsearch_cluster_health_status{color="yellow"})'
                ' + 2 * max(elasticsearch_cluster_health_status{color="red"})'
            )
        ],
        texts={0: ("green", GOOD), 1: ("yellow", BAD), 2: ("red", WORSE)},
    ),
    Figure(
        title="Redis",
        description="Does it answer? `silent`: Celery stands still, so no simulated orders, no clean-up, no "
        "reconciliation; nothing else needs it.",
        unit="none",
        queries=[Query("min(redis_up)")],
        texts={0: ("silent", WORSE), 1: ("answers", GOOD)},
    ),
    Figure(
        title="Fullest disk",
        description="How full is it? Above 80 %: old segments, binlogs and logs take it; Elasticsearch refuses writes "
        "at 95 %.",
        unit="percentunit",
        decimals=0,
        queries=[
            Query(
                'max(1 - node_filesystem_avail_bytes{fstype!~"tmpfs|ramfs|squashfs"}'
                ' / node_filesystem_size_bytes{fstype!~"tmpfs|ramfs|squashfs"})'
            )
        ],
        steps=Steps(0.8, 0.9),
    ),
    Figure(
        title="Processors in use",
        description="How busy is the machine? Share of all cores. Near 100 % for long: everything gets slow at once; "
        "the overview says who takes it.",
        unit="percentunit",
        decimals=0,
        queries=[Query('1 - avg(rate(node_cpu_seconds_total{mode="idle"}[$__rate_interval]))')],
        steps=Steps(0.8, 0.95),
    ),
]

MYSQL = [
    Lines(
        title="How much is MySQL asked?",
        description="Statements a second, by kind. Many more SELECTs than requests to the API: a query in a loop.",
        unit="ops",
        queries=[
            Query(
                "sum by (command) (rate(mysql_global_status_commands_total"
                '{command=~"select|insert|update|delete|commit|rollback"}[$__rate_interval]))',
                "{{command}}",
            )
        ],
    ),
    Lines(
        title="How many connections are open?",
        description="And how many may be. Near the limit: clients do not close theirs, or max_connections is too "
        "small.",
        unit="none",
        queries=[
            Query("max(mysql_global_status_threads_connected)", "open"),
            Query("max(mysql_global_status_threads_running)", "at work"),
            Query("max(mysql_global_variables_max_connections)", "allowed"),
        ],
    ),
    Lines(
        title="Do writers wait for each other?",
        description="Row locks waited for, a second, and slow statements. Rising with the load: workers fight over "
        "the same users' rows; the deadlocks are tried again, yet cost time.",
        unit="ops",
        queries=[
            Query("sum(rate(mysql_global_status_innodb_row_lock_waits[$__rate_interval]))", "row locks waited for"),
            Query("sum(rate(mysql_global_status_slow_queries[$__rate_interval]))", "slow statements"),
        ],
    ),
    Lines(
        title="Does MySQL read from disk?",
        description="Share of page requests that the buffer pool could not answer. Above 1 %: give it more "
        "(innodb_buffer_pool_size).",
        unit="percentunit",
        queries=[
            Query(
                "sum(rate(mysql_global_status_innodb_buffer_pool_reads[$__rate_interval]))"
                " / sum(rate(mysql_global_status_innodb_buffer_pool_read_requests[$__rate_interval]))",
                "from disk",
            )
        ],
        steps=Steps(0.01, 0.1),
    ),
]

ELASTICSEARCH = [
    Lines(
        title="What is indexed and searched?",
        description="Documents and searches a second. Indexing at nothing while MySQL changes: see the dashboard of "
        "CDC.",
        unit="ops",
        queries=[
            Query("sum(rate(elasticsearch_indices_indexing_index_total[$__rate_interval]))", "indexed"),
            Query("sum(rate(elasticsearch_indices_search_query_total[$__rate_interval]))", "searched"),
        ],
        more="platform-cdc",
    ),
    Lines(
        title="How long does a search take?",
        description="Inside Elasticsearch, on average, and the time to index a document. Rising with the index's size: "
        "add nodes or shards.",
        unit="s",
        room=0.01,
        queries=[
            Query(f"sum(rate({time}[$__rate_interval])) / sum(rate({count}[$__rate_interval]))", name)
            for name, time, count in (
                (
                    "search",
                    "elasticsearch_indices_search_query_time_seconds",
                    "elasticsearch_indices_search_query_total",
                ),
                (
                    "index",
                    "elasticsearch_indices_indexing_index_time_seconds_total",
                    "elasticsearch_indices_indexing_index_total",
                ),
            )
        ],
    ),
    Lines(
        title="How many documents are there?",
        description="In all indices, and the space they take is beside. Shrinking: somebody deletes; jumping to "
        "double: an index is being rebuilt.",
        unit="short",
        queries=[Query("sum(elasticsearch_indices_docs)", "documents")],
    ),
    Lines(
        title="How full is Elasticsearch's heap?",
        description="Above 85 % for long it collects all the time and answers late: give it more.",
        unit="percentunit",
        maximum=1,
        queries=[
            Query(
                'sum by (name) (elasticsearch_jvm_memory_used_bytes{area="heap"})'
                ' / sum by (name) (elasticsearch_jvm_memory_max_bytes{area="heap"})',
                "{{name}}",
            )
        ],
        steps=Steps(0.85, 0.95),
    ),
]

REDIS = [
    Lines(
        title="How much does Redis do?",
        description="Commands a second, nearly all of Celery. Nothing: Celery does not run.",
        unit="ops",
        queries=[Query("sum(rate(redis_commands_processed_total[$__rate_interval]))", "commands")],
    ),
    Lines(
        title="How much does Redis hold?",
        description="Memory. Rising for hours: tasks are sent and nobody works them off; look at the Celery worker.",
        unit="bytes",
        queries=[Query("sum(redis_memory_used_bytes)", "used")],
    ),
]

MACHINE = [
    Lines(
        title="What do the processors do?",
        description="Cores by what they are busy with. `iowait`: the disk is the limit; `steal`: another machine on "
        "the same host is.",
        unit="suffix:cores",
        stacked=True,
        queries=[
            Query('sum by (mode) (rate(node_cpu_seconds_total{mode!="idle"}[$__rate_interval]))', "{{mode}}"),
        ],
    ),
    Lines(
        title="How much memory is left?",
        description="Available, the page cache counted in, of all there is. Below 10 %: the kernel will kill the "
        "largest process.",
        unit="bytes",
        queries=[
            Query("sum(node_memory_MemAvailable_bytes)", "available"),
            Query("sum(node_memory_MemTotal_bytes)", "in all"),
        ],
    ),
]

DASHBOARD = Dashboard(
    uid="platform-databases",
    title="Databases and the machine",
    description="Are MySQL, Elasticsearch, Redis and what they run on well?",
    sections=[
        Section("Now", [NOW]),
        Section("MySQL", [MYSQL]),
        Section("Elasticsearch", [ELASTICSEARCH]),
        Section("Redis and the machine", [[*REDIS, *MACHINE]]),
    ],
)
