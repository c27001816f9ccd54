"""The API: rate, errors, latency, by view."""

from grafana.boards.known import API, OURS, or_none_of
from grafana.dashboard import Dashboard, Section, Variable
from grafana.panels import Figure, Lines, Query, Steps

ANSWERS = "django_http_responses_total_by_status_view_method_total"
LATENCY = "django_http_requests_latency_seconds_by_view_method"
VIEW = Variable("view", "View", f"label_values({LATENCY}_count{{{OURS}}}, view)")
ONLY = f'view=~"$view", {OURS}'
ASKED = f"sum(rate({ANSWERS}{{%s}}[$__rate_interval]))"
FAILED = f'sum(rate({ANSWERS}{{status=~"5..", %s}}[$__rate_interval]))'
FAILING = f"({or_none_of(FAILED, ASKED)}) / {ASKED}"
"""The share of answers 5xx: of no requests, none can be told. %s: of which requests."""

NOW = [
    Figure(
        title="Requests per second",
        description="How many requests come in, without those of monitors? Nothing while the shop is open: does it "
        "reach the API at all? Ask /health/live from there.",
        unit="reqps",
        decimals=1,
        queries=[Query(f"sum(rate({ANSWERS}{{{ONLY}}}[$__rate_interval]))")],
    ),
    Figure(
        title="Requests failing by our fault",
        description="Which share is answered 5xx? Above 0.1 % the month's error budget runs out early: the log's "
        "tracebacks say why; 503 says that a part we need is away.",
        unit="percentunit",
        decimals=2,
        queries=[
            Query(FAILING.replace("%s", ONLY)),
        ],
        nothing="no requests",
        steps=Steps(0.001, 0.01),
    ),
    Figure(
        title="Time to answer, 99 of 100",
        description="Within what time do 99 of 100 get their answer? All chosen views together. Above a second people "
        "notice: find the view below, then look at the database.",
        unit="s",
        nothing="no requests",
        queries=[Query(f"histogram_quantile(0.99, sum by (le) (rate({LATENCY}_bucket{{{ONLY}}}[$__rate_interval])))")],
        steps=Steps(0.5, 1),
    ),
    Figure(
        title="Exceptions within an hour",
        description="How many did no view handle? Each is a bug, or a part that was away: look for the traceback "
        "in the log.",
        unit="none",
        decimals=0,
        queries=[Query(or_none_of("sum(increase(django_http_exceptions_total_by_view_total[1h]))", API))],
        steps=Steps(1, 10),
    ),
]

TRAFFIC = [
    Lines(
        title="Which views are asked, and how often?",
        description="Requests a second. A view that suddenly leads: a client in a loop; its token says whose.",
        unit="reqps",
        queries=[Query(f"sum by (view, method) (rate({ANSWERS}{{{ONLY}}}[$__rate_interval]))", "{{method}} {{view}}")],
    ),
    Lines(
        title="How are they answered?",
        description="By status. 4xx is the caller's: 401 a token, 409 a change too late, 422 a key used twice. 5xx is "
        "ours. 503: a part we need is away.",
        unit="reqps",
        stacked=True,
        queries=[Query(f"sum by (status) (rate({ANSWERS}{{{ONLY}}}[$__rate_interval]))", "{{status}}")],
    ),
]

LATENCIES = [
    Lines(
        title="Which views are slow?",
        description="99 of 100 answers came within this time. One view alone: its queries; all of them: the machine "
        "or the database.",
        unit="s",
        room=0.01,
        queries=[
            Query(
                f"histogram_quantile(0.99, sum by (le, view) (rate({LATENCY}_bucket{{{ONLY}}}[$__rate_interval])))",
                "{{view}}",
            )
        ],
        steps=Steps(0.5, 1),
    ),
    Lines(
        title="How fast is the usual answer?",
        description="Half of all came within this time. If it rises for every view at once, the machine is busy; for "
        "one, its queries are.",
        unit="s",
        room=0.01,
        queries=[
            Query(
                f"histogram_quantile(0.5, sum by (le, view) (rate({LATENCY}_bucket{{{ONLY}}}[$__rate_interval])))",
                "{{view}}",
            )
        ],
    ),
]

TROUBLE = [
    Lines(
        title="Which views fail, and how?",
        description="Answers of 400 and above, a second. A new 4xx after a release is a contract that we broke.",
        unit="reqps",
        queries=[
            Query(
                f'sum by (status, view) (rate({ANSWERS}{{status=~"[45]..", {ONLY}}}[$__rate_interval]))',
                "{{status}} {{view}}",
            )
        ],
    ),
    Lines(
        title="Does the API reach its parts?",
        description="Answers of /health/ready, by status; no line: no balancer asks. 503: a part that it needs is "
        "away; `GET /health` says which.",
        unit="reqps",
        queries=[
            Query(
                f'sum by (status) (rate({ANSWERS}{{view="health-ready"}}[$__rate_interval]))',
                "{{status}}",
            )
        ],
    ),
]

DASHBOARD = Dashboard(
    uid="platform-api",
    title="API",
    description="How much is asked, how much fails, and how long does it take?",
    variables=[VIEW],
    sections=[
        Section("Now", [NOW]),
        Section("Rate and errors", [TRAFFIC]),
        Section("Latency", [LATENCIES]),
        Section("Trouble", [TROUBLE]),
    ],
)
