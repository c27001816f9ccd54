"""The API: rate, errors, latency, by view."""

from grafana.dashboard import Dashboard, Section, Variable
from grafana.panels import Figure, Lines, Query, Steps

VIEW = Variable("view", "View", "label_values(django_http_requests_latency_seconds_by_view_method_count, view)")
ANSWERS = "django_http_responses_total_by_status_view_method_total"
LATENCY = "django_http_requests_latency_seconds_by_view_method"
ONLY = 'view=~"$view"'


def no_label(status: str) -> str:
    """Nothing at all, under a name: what stands in the place of series that are not there."""
    return f'label_replace(vector(0), "status", "{status}", "", "")'


NOW = [
    Figure(
        title="How many requests come in?",
        description="A second. Nothing while the shop is open: does it reach the API at all? Ask /health/live from "
        "there.",
        unit="reqps",
        decimals=1,
        queries=[Query(f"sum(rate({ANSWERS}{{{ONLY}}}[$__rate_interval]))")],
    ),
    Figure(
        title="Which share fails by our fault?",
        description="Answers 5xx of all. Above 0.1 % the month's error budget runs out early: the log's tracebacks "
        "say why; 503 says that a part we need is away.",
        unit="percentunit",
        decimals=2,
        queries=[
            Query(
                f'(sum(rate({ANSWERS}{{status=~"5..", {ONLY}}}[$__rate_interval])) or vector(0))'
                f" / clamp_min(sum(rate({ANSWERS}{{{ONLY}}}[$__rate_interval])), 0.001)"
            )
        ],
        steps=Steps(0.001, 0.01),
    ),
    Figure(
        title="Within what time do 99 of 100 get their answer?",
        description="All chosen views together. Above a second people notice: find the view below, then look at the "
        "database.",
        unit="s",
        queries=[Query(f"histogram_quantile(0.99, sum by (le) (rate({LATENCY}_bucket{{{ONLY}}}[$__rate_interval])))")],
        steps=Steps(0.5, 1),
    ),
    Figure(
        title="How many raised an exception in the last hour?",
        description="Exceptions that no view handled. Each is a bug, or a part that was away: look for the traceback "
        "in the log.",
        unit="none",
        decimals=0,
        queries=[Query("sum(increase(django_http_exceptions_total_by_view_total[1h])) or vector(0)")],
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
        queries=[
            Query(
                f"histogram_quantile(0.5, sum by (le, view) (rate({LATENCY}_bucket{{{ONLY}}}[$__rate_interval])))",
                "{{view}}",
            )
        ],
    ),
    Lines(
        title="Which views fail, and how?",
        description="Answers of 400 and above, a second. A new 4xx after a release is a contract that we broke.",
        unit="reqps",
        queries=[
            Query(
                f'sum by (status, view) (rate({ANSWERS}{{status=~"[45]..", {ONLY}}}[$__rate_interval]))'
                f" or on () {no_label('none')}",
                "{{status}} {{view}}",
            )
        ],
    ),
]

SIZES = [
    Lines(
        title="How much is sent and received?",
        description="Bytes of bodies a second. Much more out than usual: somebody pages through everything.",
        unit="Bps",
        queries=[
            Query("sum(rate(django_http_requests_body_total_bytes_sum[$__rate_interval]))", "received"),
            Query("sum(rate(django_http_responses_body_total_bytes_sum[$__rate_interval]))", "sent"),
        ],
    ),
    Lines(
        title="Does the API reach its parts?",
        description="Answers of /health/ready, by status. 503: a part that it needs is away; `GET /health` says which.",
        unit="reqps",
        queries=[
            Query(
                f'sum by (status) (rate({ANSWERS}{{view=~".*health.*"}}[$__rate_interval]))'
                f" or on () {no_label('not asked')}",
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
        Section("Bodies and health", [SIZES]),
    ],
)
