"""What fires and who is silent, row by row."""

import re

from grafana.dashboard import Variable
from grafana.panels import BAD, CALM, WORSE, Column, Label, Table
from native.driving.embedded import ROOT

RULES = ROOT / "compose" / "prometheus" / "rules"
RUNBOOKS = Variable("runbooks", "Runbooks", 'label_values(ALERTS{alertname="Watchdog"}, runbooks)', hidden=True)
"""Where runbooks are read: RUNBOOKS_URL, as the alert that always fires has it."""
TELLING = (
    "instance", "consumergroup", "connector", "store", "topic", "partition", "listener", "comparison", "certificate",
    "window", "of",
)  # fmt: skip
"""Labels by which one alert differs from another of its name."""


def runbooks() -> dict[str, tuple[str, str]]:
    """alert → its runbook, as its rule has it."""
    rules = "\n".join(file.read_text() for file in sorted(RULES.glob("*.yml")))
    named = re.findall(r"alert: (\w+)$.*?runbook_url: .*?/([a-z-]+)\.md", rules, flags=re.DOTALL | re.MULTILINE)
    return {alert: (runbook, CALM) for alert, runbook in named}


FOR = "(time() - ALERTS_FOR_STATE)"
FIRES = 'ALERTS{alertstate="firing", severity!="none"}'
ABOUT = ", ".join(f'"{label}"' for label in TELLING)

FIRING = Table(
    title="Which alerts fire, and what is to be done?",
    description="Each alert with what it is about and for how long it has been so. The column `runbook` leads to its "
    "runbook, at the address RUNBOOKS_URL: what it means, how to see it, what to do.",
    unit="none",
    width=15,
    nothing="No alert that Prometheus knows of",
    rows={
        "severity": Label("severity", 110, {"critical": ("critical", WORSE), "warning": ("warning", BAD)}),
        "alertname": Label("alert", 205),
        "about": Label("about"),
        "runbook": Label(
            "runbook",
            220,
            runbooks(),
            [{"title": "What to do", "url": "${runbooks:raw}/${__value.text}.md", "targetBlank": True}],
        ),
    },
    columns=[
        Column(
            "for",
            f'label_replace(label_join({FOR} and ignoring (alertstate) {FIRES}, "about", " ", {ABOUT}), '
            '"runbook", "$1", "alertname", "(.*)")',
            "s",
            width=90,
        )
    ],
    worst_first=["severity", "for"],
)

SILENT = Table(
    title="Which instances are silent?",
    description="Processes that gave Prometheus nothing when it asked last, and how often they answered within the "
    "last hour. 0 %: it has been away for that long; near 100 %: it has just gone.",
    unit="none",
    width=9,
    nothing="None that Prometheus asks",
    rows={"instance": Label("instance"), "job": Label("part", 110)},
    columns=[
        Column("state", "up == 0", "none", texts={0: ("silent", WORSE)}, width=80),
        Column("answered in 1 h", "avg_over_time(up[1h]) and up == 0", "percentunit", width=160),
    ],
    worst_first=["answered in 1 h"],
)
