"""The dashboards that were asked for by name: of each, the panels that are meant, large enough to be read. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grafana.grid import COLUMNS

Json = dict[str, Any]


@dataclass(frozen=True)
class Required:
    """name: of its picture. uid: of the dashboard. panels: titles. shows, follows: what a reader is told of it."""

    name: str
    uid: str
    title: str
    panels: Sequence[str]
    shows: str
    follows: str


REQUIRED: Sequence[Required] = (
    Required(
        name="throughput",
        uid="platform-throughput",
        title="Producer and consumer throughput",
        panels=[
            "How many records are written, to which topic?",
            "How many records does each group read?",
            "Do readers keep up with writers?",
        ],
        shows="What producers write to each topic, what each group reads, and what it reads less what is written, in "
        "records a second: first the even load, then the backlog.",
        follows="The recorder, the fraud worker and the aggregator read the same topic, each at its own pace: a slow "
        "one holds up none of the others. What the recorder writes becomes mysql.transactions a moment later, whose "
        "reader comes last.",
    ),
    Required(
        name="lag",
        uid="platform-lag",
        title="Consumer group lag",
        panels=[
            "Which group is behind, and by how much?",
            "How late is each group?",
            "Does the lag grow or shrink?",
        ],
        shows="How many records each group has not read, how old the oldest of them is, and whether it is catching up.",
        follows="Under the even load no group is behind for long; the backlog is a hill that is worked off without "
        "anybody's doing. A slope that goes on would be a worker that hangs, or too few of them.",
    ),
    Required(
        name="brokers",
        uid="platform-brokers",
        title="Processor and memory of the brokers",
        panels=[
            "How much processor does each take?",
            "How much memory does each hold?",
            "How full is each heap?",
        ],
        shows="Processor time in cores, resident memory, and the share of its heap that each broker uses.",
        follows="The three share the work about evenly, and none comes near a whole core or the end of its heap: "
        "brokers are not what limits the platform here.",
    ),
    Required(
        name="logins",
        uid="platform-security",
        title="SASL: who logs in, and who fails to",
        panels=[
            "Which listener sees logins fail?",
            "Who failed to log in, from where, and why?",
            "What exactly do the brokers say?",
        ],
        shows="Failed logins by broker and listener; by name, address and reason; and the lines that the brokers "
        "wrote of the last ones.",
        follows="The one client with a wrong password is found by its name and address within the minute, and every "
        "other client goes on. The name and the reason come from our rule in the brokers; Kafka alone counts, and "
        "does not say who.",
    ),
)


def told() -> list[Json]:
    """What the report says of them."""
    return [{"name": each.name, "title": each.title, "shows": each.shows, "follows": each.follows} for each in REQUIRED]


def part_of(dashboard: Json, titles: Sequence[str]) -> Json:
    """The dashboard with these panels alone, below each other and as wide as it; raises KeyError for one it lacks."""
    found = {panel["title"]: panel for panel in dashboard["panels"]}
    panels, top = [], 0
    for title in titles:
        place = found[title]["gridPos"]
        panels.append(found[title] | {"gridPos": place | {"x": 0, "y": top, "w": COLUMNS}})
        top += place["h"]
    return dashboard | {"panels": panels, "description": ""}
