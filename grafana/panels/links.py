"""From a figure to the dashboard that explains it."""

from collections.abc import Iterable

from grafana.panels.query import Json, Query

LEADS = {
    "topic": ("platform-throughput", "topic"),
    "consumergroup": ("platform-lag", "group"),
    "worker": ("platform-workers", "worker"),
    "rule": ("platform-fraud", "rule"),
    "view": ("platform-api", "view"),
    "broker": ("platform-brokers", "instance"),
}
"""label → the dashboard that shows more of what bears it, and the variable by which it is chosen there."""
OF_BROKERS = ("kafka_server_", "kafka_network_", "kafka_log_", "kafka_controller_", 'job="kafka"')
"""What only brokers tell: there the label `instance` is a broker."""
TIME = "${__url_time_range}"


def to(uid: str, title: str = "More of this") -> Json:
    """A link of a figure's own, which keeps the time."""
    return {"title": title, "url": f"/d/{uid}?{TIME}", "targetBlank": False}


def of_series(queries: Iterable[Query]) -> list[Json]:
    """Links from a series to more of what its labels name."""
    found = {label: _lead(label, query) for query in queries for label in query.labels}
    return [link for link in found.values() if link]


def of_row(label: str, column: str) -> Json:
    """The same from a row of a table, whose column holds that label's value."""
    return _chosen(label, f'${{__data.fields["{column}"]}}')


def _lead(label: str, query: Query) -> Json | None:
    if label == "instance" and any(word in query.expr for word in OF_BROKERS):
        return _chosen("broker", "${__field.labels.instance}")
    # What a worker calls a broker is its address, which no other metric bears.
    if label in LEADS and label != "broker":
        return _chosen(label, f"${{__field.labels.{label}}}")
    return None


def _chosen(label: str, value: str) -> Json:
    uid, variable = LEADS[label]
    name = "consumer group" if label == "consumergroup" else label
    return {"title": f"More of this {name}", "url": f"/d/{uid}?var-{variable}={value}&{TIME}", "targetBlank": False}
