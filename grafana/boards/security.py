"""Who logs in to Kafka, who fails to, and which certificates end soon."""

from grafana.boards.api import ANSWERS
from grafana.boards.known import API, OURS, of_every_broker, or_none_of
from grafana.dashboard import Dashboard, Section
from grafana.panels import Bars, Column, Figure, Label, Lines, Logs, Query, Steps, Table

BAD_LOGINS = "kafka_server_socket_server_metrics_failed_authentication_total"
GOOD_LOGINS = "kafka_server_socket_server_metrics_successful_authentication_total"
LOG_LINES = "kafka_authentication_log_lines_total"
DAYS_LEFT = "(platform_certificate_expiry_timestamp_seconds - time()) / 86400"

NOW = [
    Figure(
        title="Failed logins within 5 min",
        description="How many logins failed? On all listeners of all brokers. A few at once: a service with an old "
        "password; many: somebody guesses. The log lines below say who, from where and why.",
        unit="none",
        decimals=0,
        queries=[Query(of_every_broker(f"sum(increase({BAD_LOGINS}[5m]))", ">= 1"))],
        steps=Steps(1, 20),
    ),
    Figure(
        title="Logins within 5 min",
        description="How many succeeded? Many more than there are clients: something connects anew for each thing it "
        "does.",
        unit="none",
        decimals=0,
        queries=[Query(of_every_broker(f"sum(increase({GOOD_LOGINS}[5m]))"))],
    ),
    Figure(
        title="First certificate to end",
        description="In how many days does it end? Below 30: `make cluster` (or `make secrets` for Docker) renews it; "
        "restart what uses it.",
        unit="suffix:days",
        decimals=0,
        queries=[Query(f"min({DAYS_LEFT})")],
        steps=Steps(30, 7, rising=False),
    ),
    Figure(
        title="Refused by the API within 5 min",
        description="How often did it refuse somebody? Answers 401 and 403. Many: an account's token has expired or "
        "was withdrawn, or somebody tries.",
        unit="none",
        decimals=0,
        queries=[
            Query(
                or_none_of(f'sum(increase({ANSWERS}{{status=~"401|403", {OURS}}}[5m]))', API),
            )
        ],
        steps=Steps(10, 100),
    ),
]

LOGINS = [
    Lines(
        title="Which listener sees logins fail?",
        description="A second, by broker and listener. On all brokers alike: a client tries them in turn; its address "
        "stands in the log lines. On the brokers' own listener: a broker's certificate is wrong.",
        unit="suffix:logins/s",
        queries=[
            Query(f"sum by (instance, listener) (rate({BAD_LOGINS}[$__rate_interval]))", "{{instance}} {{listener}}")
        ],
        steps=Steps(None, 1),
    ),
    Lines(
        title="Which listener sees logins succeed?",
        description="A second, by broker and listener. A broker without any while others have some: clients cannot "
        "reach it.",
        unit="suffix:logins/s",
        queries=[
            Query(f"sum by (instance, listener) (rate({GOOD_LOGINS}[$__rate_interval]))", "{{instance}} {{listener}}")
        ],
    ),
]

LINES = [
    Lines(
        title="What do the brokers write about logins?",
        description="Lines of their logs, counted by mtail, by outcome and reason. It must rise with the failed "
        "logins above; if it does not, rsyslog or mtail has stopped.",
        unit="suffix:lines/s",
        queries=[
            Query(f"sum by (outcome, reason) (rate({LOG_LINES}[$__rate_interval]))", "{{outcome}} {{reason}}"),
        ],
    ),
    Table(
        title="Who failed to log in, from where, and why?",
        description="In the last hour. A service's name: its password is old, so restart it or make the account anew. "
        "A name that nobody knows: shut out its address.",
        unit="none",
        rows={
            "principal": Label("principal", 160),
            "address": Label("address", 140),
            "reason": Label("reason"),
        },
        nothing="None that mtail counted",
        worst_first=["times"],
        columns=[
            Column(
                "times",
                f'sum by (principal, address, reason) (increase({LOG_LINES}{{outcome="failed"}}[1h]))',
                "none",
                Steps(1, 20),
                width=90,
                # What Prometheus makes of counts between two scrapes has parts of one.
                decimals=0,
            ),
        ],
    ),
]

READ = [
    Logs(
        title="What exactly do the brokers say?",
        description="The lines themselves, from Elasticsearch's index kafka-logs, newest first. Empty while the "
        "counts above move: rsyslog does not reach Elasticsearch.",
        lines="*",
        width=16,
    ),
    Bars(
        title="How many days is each certificate good for?",
        description="Each certificate file that is watched (CERTIFICATES_WATCHED). Below 30 days: `make cluster` "
        "renews it; then restart what uses it.",
        unit="suffix:days",
        decimals=0,
        queries=[Query(DAYS_LEFT, "{{certificate}}")],
        steps=Steps(30, 7, rising=False),
    ),
]

DASHBOARD = Dashboard(
    uid="platform-security",
    title="SASL and security",
    description="Who logs in, who fails to, and which certificates end soon?",
    sections=[
        Section("Now", [NOW]),
        Section("Logins", [LOGINS]),
        Section("Log lines", [LINES, READ]),
    ],
)
