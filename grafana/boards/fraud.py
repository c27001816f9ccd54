"""The investigators' desk: what is raised, what waits, how long it takes."""

from grafana.dashboard import Dashboard, Section, Variable
from grafana.panels import Bars, Figure, Lines, Query, Steps

RULE = Variable("rule", "Rule", "label_values(platform_fraud_alerts, rule)")
ONLY = 'rule=~"$rule"'
RESOLUTION = "platform_fraud_resolution_seconds"
HOUR, DAY = 3600, 86400

NOW = [
    Figure(
        title="Alerts nobody has taken",
        description="How many wait for somebody to take them? OPEN. If they grow from day to day, investigators cannot "
        "keep up: raise FRAUD_AMOUNT_LIMIT, or add people.",
        unit="short",
        queries=[Query(f'sum(platform_fraud_alerts{{state="OPEN", {ONLY}}})')],
    ),
    Figure(
        title="Alerts being investigated",
        description="How many does somebody work on? INVESTIGATING. Many more than investigators: alerts are taken and "
        "left; look at the oldest in the admin.",
        unit="short",
        queries=[Query(f'sum(platform_fraud_alerts{{state="INVESTIGATING", {ONLY}}})')],
    ),
    Figure(
        title="Age of the oldest not closed",
        description="How long has it waited? Since it was raised. Above a day: somebody has forgotten it; sort the "
        "admin's queue by age.",
        unit="s",
        queries=[Query(f"max(platform_fraud_oldest_open_seconds{{{ONLY}}})")],
        steps=Steps(4 * HOUR, DAY),
    ),
    Figure(
        title="Fraud among the decided",
        description="Which share of the closed is CONFIRMED? Below 10 %: the rule accuses too many, so its limit is "
        "too low; near 100 %: it may miss some.",
        unit="percentunit",
        decimals=0,
        queries=[
            Query(
                f'sum(platform_fraud_alerts{{state="CONFIRMED", {ONLY}}})'
                f' / sum(platform_fraud_alerts{{state=~"CONFIRMED|DISMISSED", {ONLY}}})'
            )
        ],
        nothing="none decided",
    ),
    Figure(
        title="Freshness of fraud",
        description="How old is the news in which fraud is looked for? Above 30 s an order may ship before its alert: "
        "look at the worker.",
        unit="s",
        decimals=1,
        queries=[Query('max(platform_worker_freshness_seconds{worker="fraud"})')],
        steps=Steps(10, 30),
        more="platform-workers",
    ),
]

RAISED = [
    Lines(
        title="How many alerts are raised, by which rule?",
        description="In the last 5 minutes. A sudden wall: an attack, or a shop that sends amounts in another "
        "currency.",
        unit="short",
        decimals=0,
        queries=[
            Query(f"sum by (rule) (increase(platform_worker_alerts_raised_total{{{ONLY}}}[5m]))", "{{rule}}"),
        ],
    ),
    Lines(
        title="In which states are they?",
        description="All alerts, by state. OPEN that grows from day to day: more is raised than people can work off; "
        "see which rule raises it.",
        unit="short",
        stacked=True,
        queries=[Query(f"sum by (state) (platform_fraud_alerts{{{ONLY}}})", "{{state}}")],
    ),
    Bars(
        title="Which rule's alerts are in which state?",
        description="A rule whose alerts are mostly DISMISSED wastes people's time: change its limit.",
        unit="short",
        queries=[Query(f"sum by (rule, state) (platform_fraud_alerts{{{ONLY}}})", "{{rule}} {{state}}")],
    ),
]

RESOLVED = [
    Lines(
        title="How long does it take to close one?",
        description="From raised to decided, of all that were decided so far: on average. Rising: the queue is longer "
        "than the day.",
        unit="s",
        queries=[
            Query(
                f"sum by (outcome) ({RESOLUTION}_sum{{{ONLY}}}) / sum by (outcome) ({RESOLUTION}_count{{{ONLY}}})",
                "{{outcome}}, average",
            )
        ],
        steps=Steps(4 * HOUR, DAY),
    ),
    Bars(
        title="How many were decided within what time?",
        description="Decisions so far that took at most so long. Few in the first hour: alerts wait too long to be "
        "taken.",
        unit="short",
        queries=[
            Query(f'sum({RESOLUTION}_bucket{{le="{le}", {ONLY}}})', name)
            for name, le in (
                ("5 min", "300.0"),
                ("1 h", "3600.0"),
                ("4 h", "14400.0"),
                ("1 d", "86400.0"),
                ("7 d", "604800.0"),
                ("ever", "+Inf"),
            )
        ],
    ),
    Lines(
        title="How many are decided, and how?",
        description="In the last hour. None in working hours while alerts wait: nobody is at the desk.",
        unit="short",
        decimals=0,
        queries=[
            Query(f"sum by (outcome) (increase({RESOLUTION}_count{{{ONLY}}}[1h]))", "{{outcome}}"),
        ],
    ),
]

DASHBOARD = Dashboard(
    uid="platform-fraud",
    title="Fraud desk",
    description="What is raised, what waits, and how long does it take?",
    variables=[RULE],
    sections=[
        Section("Now", [NOW]),
        Section("Raised", [RAISED]),
        Section("Decided", [RESOLVED]),
    ],
)
