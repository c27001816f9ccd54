"""From an alert to what is to be done, and from a figure to the dashboard that explains it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped] # its types are a package that nothing else here needs
from django.urls import get_resolver

from grafana.boards.alerts import RUNBOOKS, runbooks
from grafana.boards.known import MONITORS
from grafana.panels.links import LEADS
from grafana.prometheus_api import queries
from native.driving.embedded import ROOT
from native.layout import Layout
from tests.compose.composition import SERVICES, environment, services
from tests.grafana.written import WRITTEN, Json, columns, defaults, each_panel, overridden, value_columns

PROMETHEUS = ROOT / "compose" / "prometheus"


def data_links() -> Iterator[tuple[str, Json, str]]:
    """Where each stands, in words, the panel, and its address."""
    for where, panel in each_panel():
        of_names = [link for own in overridden(panel).values() for link in own.get("links", [])]
        for link in [*defaults(panel).get("links", []), *of_names]:
            assert link["title"]
            yield where, panel, link["url"]


# --- Home -------------------------------------------------------------------------------------------------------------
def test_grafana_opens_with_the_overview() -> None:
    [file] = [value for name, value in environment(SERVICES["grafana"]).items() if name.endswith("HOME_DASHBOARD_PATH")]
    assert file == "/etc/grafana/dashboards/platform-overview.json"


def test_the_overview_is_the_first_in_the_list() -> None:
    assert min(dashboard["title"] for dashboard in WRITTEN.values()) == WRITTEN["platform-overview"]["title"]
    assert "overview" in WRITTEN["platform-overview"]["title"]


# --- Alerts -----------------------------------------------------------------------------------------------------------
def alerting_rules() -> list[Json]:
    files = [yaml.safe_load(file.read_text()) for file in (PROMETHEUS / "rules").glob("*.yml")]
    return [rule for file in files for group in file["groups"] for rule in group["rules"] if "alert" in rule]


def table(title: str) -> Json:
    [panel] = [panel for where, panel in each_panel("table") if where == f"platform-overview: {title}"]
    return panel


def test_every_alert_that_fires_leads_to_its_runbook() -> None:
    panel = table("Which alerts fire, and what is to be done?")
    runbook = overridden(panel)["runbook"]
    [link] = runbook["links"]
    assert link["url"] == "${runbooks:raw}/${__value.text}.md"
    [told] = [each["options"] for each in runbook["mappings"] if each["type"] == "value"]
    files = {alert: f"{shown['text']}.md" for alert, shown in told.items()}
    assert files == {rule["alert"]: rule["annotations"]["runbook_url"].split("/")[-1] for rule in alerting_rules()}
    assert runbooks().keys() == files.keys()


def test_where_runbooks_are_is_told_by_the_alert_that_always_fires() -> None:
    [variable] = [each for each in WRITTEN["platform-overview"]["templating"]["list"] if each["name"] == RUNBOOKS.name]
    assert variable["hide"] == 2
    assert variable["query"]["query"] == 'label_values(ALERTS{alertname="Watchdog"}, runbooks)'
    [watchdog] = [rule for rule in alerting_rules() if rule["alert"] == "Watchdog"]
    assert watchdog["labels"]["runbooks"] == "{{ $externalLabels.runbooks }}"


def test_the_address_of_runbooks_is_one_setting_of_prometheus_wherever_it_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    layout = Layout(tmp_path, 19)
    configured = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
    assert configured["global"]["external_labels"] == {"runbooks": "${RUNBOOKS_URL}"}
    # Alertmanager and who is notified have it in the annotation.
    assert {"action": "labeldrop", "regex": "runbooks"} in configured["alerting"]["alert_relabel_configs"]
    in_docker = yaml.safe_load((PROMETHEUS / "docker.yml").read_text())
    assert in_docker["global"]["external_labels"] == configured["global"]["external_labels"]
    for chosen, address in (
        ({}, "http://127.0.0.1:8000/runbooks"),
        ({"API_PORT": "8080"}, "http://127.0.0.1:8080/runbooks"),
        ({"API_PORT": "8080", "RUNBOOKS_URL": "https://git.example/runbooks"}, "https://git.example/runbooks"),
    ):
        assert services(chosen)["prometheus"]["environment"]["RUNBOOKS_URL"] == address
    monkeypatch.delenv("RUNBOOKS_URL", raising=False)
    assert layout.environment["RUNBOOKS_URL"] == f"{layout.address('api')}/runbooks"
    monkeypatch.setenv("RUNBOOKS_URL", "https://git.example/runbooks")
    assert layout.environment["RUNBOOKS_URL"] == "https://git.example/runbooks"
    # Until its third version Prometheus fills in no variables unless it is told to.
    assert "--enable-feature=expand-external-labels" in (ROOT / "native" / "cluster.conf").read_text()


def test_silent_instances_are_named() -> None:
    panel = table("Which instances are silent?")
    assert [query["expr"] for query in queries(panel)] == ["up == 0", "avg_over_time(up[1h]) and up == 0"]
    assert columns(panel) == ["state", "instance", "part", "answered in 1 h"]


def test_an_empty_table_does_not_say_that_all_is_well() -> None:
    for where, panel in each_panel("table"):
        assert re.search(r"knows of|asks|counted|unknown", defaults(panel)["noValue"]), where


# --- Brokers ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "metric",
    [
        "kafka_server_replicamanager_underminisrpartitioncount",
        "kafka_controller_controllerstats_uncleanleaderelections_total",
        "kafka_network_requestchannel_requestqueuesize",
        "kafka_network_requestchannel_responsequeuesize",
        "process_open_fds",
    ],
)
def test_what_stops_a_broker_is_shown(metric: str) -> None:
    shown = [
        query["expr"]
        for where, panel in each_panel()
        if where.startswith("platform-brokers")
        for query in queries(panel)
        if metric in query["expr"]
    ]
    assert shown


# --- Links ------------------------------------------------------------------------------------------------------------
def test_a_series_leads_to_what_explains_it() -> None:
    addresses = {where: [url for at, _, url in data_links() if at == where] for where, _ in each_panel()}
    for where, panel in each_panel("timeseries", "stat", "bargauge", "state-timeline"):
        labels = {
            label for query in queries(panel) for label in re.findall(r"\{\{(\w+)\}\}", query.get("legendFormat", ""))
        }
        for label in labels & (set(LEADS) - {"broker"}):
            uid, variable = LEADS[label]
            wanted = f"/d/{uid}?var-{variable}=${{__field.labels.{label}}}&${{__url_time_range}}"
            assert wanted in addresses[where] or panel["type"] == "stat", where


def test_brokers_are_led_to_by_their_instance_and_others_are_not() -> None:
    leading = {where for where, _, url in data_links() if "var-instance=" in url}
    assert "platform-brokers: How full is each heap?" in leading
    assert "platform-brokers: Does ZooKeeper keep up?" not in leading
    assert "platform-cdc: How full is Connect's heap?" not in leading


def test_data_links_lead_to_dashboards_and_variables_that_are_there() -> None:
    count = 0
    for where, _, url in data_links():
        if url.startswith("${runbooks"):
            continue
        found: Any = re.fullmatch(r"/d/([\w-]+)\?(?:var-(\w+)=\$\{.+\}&)?\$\{__url_time_range\}", url)
        assert found, (where, url)
        variables = {each["name"] for each in WRITTEN[found[1]]["templating"]["list"]}
        assert found[2] is None or found[2] in variables, (where, url)
        count += 1
    assert count > 60


def test_links_of_rows_name_columns_that_are_there() -> None:
    for where, panel in each_panel("table"):
        named = set(re.findall(r'__data\.fields\["([^"]+)"\]', str(panel["fieldConfig"])))
        assert named <= set(columns(panel)) - set(value_columns(panel)), where


def test_every_part_that_is_silent_leads_to_its_dashboard() -> None:
    [panel] = [panel for where, panel in each_panel() if where == "platform-overview: Which part answered when?"]
    asked = yaml.safe_load((PROMETHEUS / "docker.yml").read_text())["scrape_configs"]
    jobs = {each["job_name"] for each in asked} - {"prometheus", "alertmanager"}
    assert jobs == {name for name, own in overridden(panel).items() if own.get("links")}


# --- Monitors ---------------------------------------------------------------------------------------------------------
def test_monitors_views_are_left_out_by_dashboards_and_by_alerts_alike() -> None:
    rules = (PROMETHEUS / "rules" / "api.yml").read_text()
    assert set(re.findall(r'view!~"([^"]+)"', rules)) == {MONITORS}
    names = {str(name) for name in get_resolver().reverse_dict if isinstance(name, str)}
    for pattern in MONITORS.split("|"):
        assert any(re.fullmatch(pattern, name) for name in names), pattern
