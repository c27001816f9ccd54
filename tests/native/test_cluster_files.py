"""The files that the cluster's launcher writes and reads."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped] # its types are a package that nothing else here needs

from native.configuration import connect, exporters, kafka, logins, prometheus
from native.layout import ROOT, Layout
from native.packages import libraries
from native.security.accounts import secret
from native.security.certificates import make_certificates
from native.with_env import variables

CONF = (ROOT / "native" / "cluster.conf").read_text()


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "cluster", 29)


def test_no_two_listeners_share_a_port(layout: Layout) -> None:
    assert len(set(layout.ports.values())) == len(layout.ports)
    assert {port // 1000 for port in layout.ports.values()} == {29}


def test_the_supervisor_gives_each_part_the_port_at_which_it_is_looked_for(layout: Layout) -> None:
    written = {int(f"29{digits}") for digits in re.findall(r"%\(ENV_PORTS\)s(\d{3})\b", CONF)}
    by_node = {
        int(f"29{digits}{node}") for digits in re.findall(r"%\(ENV_PORTS\)s(\d\d)%\(p", CONF) for node in (1, 2, 3)
    }
    elsewhere = {
        port for name, port in layout.ports.items() if name.startswith("zookeeper") or name in {"mysql", "redis"}
    }
    assert written | by_node | elsewhere == set(layout.ports.values())


def test_every_variable_of_the_supervisors_file_is_set(layout: Layout) -> None:
    assert set(re.findall(r"%\(ENV_(\w+)\)s", CONF)) <= set(layout.environment)


def test_every_file_of_secrets_that_a_process_is_given_is_written(layout: Layout) -> None:
    kafka.configure(layout)
    connect.configure(layout)
    given = set(re.findall(r"%\(ENV_SECRETS\)s/(\S+)", CONF))
    assert given - {"platform.env"} <= {file.name for file in layout.secrets.iterdir()}


def test_prometheus_asks_every_process_that_serves_metrics(layout: Layout) -> None:
    serving = {port for name, port in layout.ports.items() if " metrics" in name}
    idle = {layout.ports[f"{worker} metrics"] for worker in prometheus.idle_workers()}
    asked = {int(target.rpartition(":")[2]) for each in prometheus.targets(layout) for target in each["targets"]}
    others = {layout.ports[name] for name in ("prometheus", "alertmanager", "api")}
    assert asked == serving - idle | others


def test_prometheus_knows_each_target_by_the_names_that_it_has_in_docker_too(layout: Layout) -> None:
    def names_in_docker(scrape: dict[str, Any]) -> set[str]:
        given = {each["labels"]["instance"] for each in scrape.get("static_configs", [])}
        found = {name for each in scrape.get("dns_sd_configs", []) for name in each["names"]}
        (relabelled,) = scrape.get("relabel_configs", [{}])
        return given | ({relabelled["replacement"]} if found and "regex" not in relabelled else found)

    file = ROOT / "compose" / "prometheus" / "docker.yml"
    in_docker = {
        (scrape["job_name"], name)
        for scrape in yaml.safe_load(file.read_text())["scrape_configs"]
        for name in names_in_docker(scrape)
    }
    here = {(each["labels"]["job"], each["labels"]["instance"]) for each in prometheus.targets(layout)}
    # There it asks by name whatever may run; here, what does.
    assert in_docker == here | {("workers", worker) for worker in prometheus.idle_workers()}


def test_what_an_exporter_is_given_its_own_user_may_read_and_nobody_else(layout: Layout) -> None:
    make_certificates(layout.certificates, [])
    exporters.configure(layout)
    logins.configure(layout)
    given = set(re.findall(r"%\(ENV_VAR\)s/((?:exporters|rsyslog)/\S+\.(?:env|cnf|pem))", CONF))
    assert {file.rpartition("/")[0] for file in given} == {"exporters", "rsyslog"}
    for file in given:
        path = layout.var / file
        assert path.owner() == layout.unprivileged
        assert path.suffix == ".pem" or path.stat().st_mode & 0o777 == 0o600, file


def test_the_agents_that_the_supervisor_names_are_those_that_are_fetched() -> None:
    named = set(re.findall(r"agents/([\w.-]+\.jar)", CONF))
    jars = [each.split(":") for each in libraries.ARCHIVES if each.endswith(":jar")]
    assert named == {f"{artifact}-{version}.jar" for _, artifact, version, _ in jars}


def test_a_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    made = secret(tmp_path / "secrets", "redis")
    assert len(made) >= 32
    assert secret(tmp_path / "secrets", "redis") == made != secret(tmp_path / "secrets", "mysql-root")
    assert (tmp_path / "secrets" / "redis").stat().st_mode & 0o777 == 0o600


def test_variables_of_later_files_win_and_values_may_hold_equals_signs(tmp_path: Path) -> None:
    first, second = tmp_path / "first.env", tmp_path / "second.env"
    first.write_text("# a comment\nNAME=one\nURL=mysql://h/shop?a=b&c=d\n")
    second.write_text("\nNAME=two\n")
    assert variables([first, second]) == {"NAME": "two", "URL": "mysql://h/shop?a=b&c=d"}


def test_no_client_listener_is_in_plain_text() -> None:
    properties = dict(
        line.split("=", 1)
        for line in (ROOT / "compose" / "kafka" / "server.properties").read_text().splitlines()
        if "=" in line and not line.startswith("#")
    )
    protocols = properties["listener.security.protocol.map"].split(",")
    assert set(protocols) == {"CLIENTS:SASL_SSL", "BROKERS:SSL"}
    assert properties["listener.name.brokers.ssl.client.auth"] == "required"
    assert properties["allow.everyone.if.no.acl.found"] == "false"


def test_jars_of_another_version_leave_the_folder(tmp_path: Path) -> None:
    old, new = tmp_path / "a-1.jar", tmp_path / "a-2.jar"
    old.touch()
    new.touch()
    libraries.link([old], tmp_path / "folder")
    libraries.link([new], tmp_path / "folder")
    assert [link.name for link in (tmp_path / "folder").iterdir()] == ["a-2.jar"]
