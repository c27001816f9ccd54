"""Whom Prometheus asks in Docker, and whom it tells."""

from pathlib import Path

import yaml  # type: ignore[import-untyped] # its types are a package that nothing else here needs

from tests.compose.composition import COMPOSE, OURS, SERVICES, environment, mounted_files, words

PROMETHEUS = yaml.safe_load((COMPOSE / "prometheus" / "docker.yml").read_text())


def asked_by_prometheus() -> dict[str, set[str]]:
    """SERVICE:PORT by the name of the job."""
    asked: dict[str, set[str]] = {}
    for scrape in PROMETHEUS["scrape_configs"]:
        found = {target for each in scrape.get("static_configs", []) for target in each["targets"]}
        found |= {f"{name}:{each['port']}" for each in scrape.get("dns_sd_configs", []) for name in each["names"]}
        asked[scrape["job_name"]] = found
    return asked


def test_prometheus_asks_services_that_are_there() -> None:
    asked = asked_by_prometheus()
    hosts = {target.rpartition(":")[0] for targets in asked.values() for target in targets}
    assert hosts <= {*SERVICES, "127.0.0.1"}
    assert "api" in environment(SERVICES["api"])["ALLOWED_HOSTS"]
    serving = {
        f"{name}:{command[command.index('--metrics-port') + 1]}"
        for name, service in OURS.items()
        if "--metrics-port" in (command := words({"command": service["command"]}) if "command" in service else [])
    }
    assert asked["workers"] | asked["monitor"] == serving


def test_whoever_may_run_several_times_or_not_at_all_is_found_by_its_name() -> None:
    """A list would leave out the second recorder, and call a part that nobody started down."""
    by_name = {job["job_name"] for job in PROMETHEUS["scrape_configs"] if "dns_sd_configs" in job}
    sometimes = {name for name, service in SERVICES.items() if "profiles" in service or service.get("scale") == 0}
    for job, targets in asked_by_prometheus().items():
        hosts = {target.rpartition(":")[0] for target in targets}
        assert job in by_name or not hosts & sometimes, job
    assert "workers" in by_name
    # Otherwise the engine's resolver answers with a failure, and Prometheus keeps what it knew.
    assert SERVICES["prometheus"]["dns_opt"] == ["ndots:1"]


def test_prometheus_has_its_rules_and_tells_the_alertmanager_that_is_there() -> None:
    mounted = {target: file.relative_to(COMPOSE) for target, file in mounted_files(SERVICES["prometheus"]).items()}
    assert mounted == {
        "/etc/prometheus/prometheus.yml": Path("prometheus/docker.yml"),
        "/etc/prometheus/rules": Path("prometheus/rules"),
    }
    native = yaml.safe_load((COMPOSE / "prometheus" / "prometheus.yml").read_text())
    assert PROMETHEUS["global"] == native["global"]
    assert PROMETHEUS["rule_files"] == native["rule_files"]
    assert "--web.listen-address=:9393" in words(SERVICES["alertmanager"])
    assert PROMETHEUS["alerting"]["alertmanagers"] == [{"static_configs": [{"targets": ["alertmanager:9393"]}]}]
    assert PROMETHEUS["alerting"]["alert_relabel_configs"] == native["alerting"]["alert_relabel_configs"]
