"""Prometheus: its rules, whom it scrapes, and where it sends its alerts."""

import json
from typing import Any

from native.configuration.files import COMPOSE
from native.layout import EXPORTERS, HOST, NODES, Layout
from native.with_env import variables
from streaming.topology import WORKERS, is_in_use


def configure(layout: Layout) -> None:
    """Links to its rules, a list of whom it scrapes, and where it sends its alerts."""
    home = layout.var / "prometheus"
    for name in ("prometheus.yml", "rules"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).unlink(missing_ok=True)
        (home / name).symlink_to(COMPOSE / "prometheus" / name)
    alertmanagers = [{"targets": [f"{HOST}:{layout.ports['alertmanager']}"]}]
    for name, groups in {"targets": targets(layout), "alertmanagers": alertmanagers}.items():
        (home / name).mkdir(exist_ok=True)
        (home / name / "cluster.json").write_text(json.dumps(groups, indent=1))


def targets(layout: Layout) -> list[dict[str, Any]]:
    """Whom Prometheus asks: job, readable name, port, and how often where that costs something."""
    ports, idle = layout.ports, idle_workers()
    slow = [
        *(("kafka", f"kafka-{node}", f"kafka metrics {node}") for node in NODES),
        *(("zookeeper", f"zookeeper-{node}", f"zookeeper metrics {node}") for node in NODES),
        ("connect", "connect", "connect metrics"),
        *((name, name, f"{name} metrics") for name in EXPORTERS),
    ]
    quick = [
        *((name, name, name) for name in ("prometheus", "alertmanager", "api")),
        ("monitor", "monitor", "monitor metrics"),
        *(("workers", each.name, f"{each.name} metrics") for each in WORKERS if each.name not in idle),
    ]
    return [
        {"targets": [f"{HOST}:{ports[port]}"], "labels": {"job": job, "instance": instance} | interval}
        for interval, group in (({"__scrape_interval__": "10s"}, slow), ({}, quick))
        for job, instance, port in group
    ]


def idle_workers() -> set[str]:
    """The workers whose work something else does, as compose/cluster.env has it."""
    settings = variables([COMPOSE / "cluster.env"])
    return {worker.name for worker in WORKERS if not is_in_use(worker, settings.__getitem__)}
