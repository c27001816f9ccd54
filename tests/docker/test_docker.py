"""compose/docker-compose.yml as it is, on an engine: built, started, used, broken, taken away by `make test-docker`.

In this order, since the last ones break what the first ones look at.
"""

import json
from pathlib import Path

import pytest

from native.driving.embedded import wait_until
from tests.docker.engine import Engine
from tests.docker.running import PROJECT, RunningComposition

pytestmark = pytest.mark.docker


def test_every_service_is_healthy_and_every_step_ended_well(composition: RunningComposition, evidence: Path) -> None:
    configured = json.loads(composition.compose("config", "--format", "json"))["services"]
    wanted = {name for name, service in configured.items() if service.get("scale") != 0}
    assert wanted <= {each["Service"] for each in composition.containers}
    assert set(composition.states().values()) == {"healthy", "ended well"}, composition.states()
    listed = composition.compose("ps", "--all", "--format", "table {{.Service}}\t{{.Image}}\t{{.Status}}")
    (evidence / "docker-ps.txt").write_text(f"$ docker compose ps --all\n{listed}\n")


def test_an_order_comes_to_its_alert_its_total_and_the_search(composition: RunningComposition) -> None:
    composition.order(user=9_001)
    composition.wait_for_orders(9_001)


def test_every_connector_and_its_task_runs(composition: RunningComposition) -> None:
    connectors = composition.connectors()
    assert "outbox" in " ".join(connectors)
    assert {state for states in connectors.values() for state in states} == {"RUNNING"}


def test_prometheus_reaches_everybody(composition: RunningComposition) -> None:
    wait_until(lambda: set(composition.targets().values()) == {"up"}, "all are up", 60, composition.targets)
    instances = {target.split()[0] for target in composition.targets()}
    assert instances >= {"kafka", "zookeeper", "connect", "api", "workers", "monitor", "alertmanager", "mysql", "mtail"}


def test_nothing_fires_but_the_watchdog(composition: RunningComposition) -> None:
    wait_until(lambda: composition.firing() == {"Watchdog"}, "only Watchdog fires", 180, composition.firing)


def test_each_account_may_do_its_own_and_no_more(composition: RunningComposition) -> None:
    assert composition.call("", "GET", "/transactions")[0] == 401
    assert composition.call("analyst", "GET", "/fraud/alerts")[0] == 403
    assert composition.call("investigator", "GET", "/fraud/alerts")[0] == 200
    grants = composition.sql("SHOW GRANTS FOR 'platform'@'%'")
    assert "CREATE" not in str(grants)
    assert "INSERT" in str(grants)


def test_no_secret_stands_in_a_containers_environment(composition: RunningComposition) -> None:
    for container in (each["Name"] for each in composition.containers):
        told = composition.inspect(container, "{{json .Config.Env}}")
        for password in {login["password"] for login in composition.logins.values()}:
            assert password not in told, container


def test_no_container_has_a_volume_without_a_name(composition: RunningComposition) -> None:
    volumes = composition.engine.docker("volume", "ls", "--quiet").split()
    assert volumes
    assert [each for each in volumes if not each.startswith(f"{PROJECT}_")] == []


def test_more_of_a_worker_share_its_work_and_are_watched(composition: RunningComposition) -> None:
    def recorders() -> list[str]:
        return [health for target, health in composition.targets().items() if "recorder" in target]

    composition.compose("up", "--detach", "--wait", "--no-deps", "--scale", "recorder=3", "recorder")
    assert len(composition.states("recorder")) == 3
    wait_until(lambda: recorders() == ["up"] * 3, "Prometheus asks all three", 90, composition.targets)
    for _ in range(10):
        composition.order(user=9_002)
    composition.wait_for_orders(9_002, orders=10)
    composition.compose("up", "--detach", "--wait", "--no-deps", "--scale", "recorder=1", "recorder")
    wait_until(lambda: recorders() == ["up"], "those that are gone are no targets", 120, composition.targets)


def test_an_exporter_that_is_stopped_leaves_no_target_and_no_alert(composition: RunningComposition) -> None:
    composition.compose("stop", "redis-exporter")
    try:
        wait_until(
            lambda: not [each for each in composition.targets() if "redis" in each], "it is no target", 120,
            composition.targets,
        )  # fmt: skip
        assert composition.firing() == {"Watchdog"}
    finally:
        composition.compose("start", "redis-exporter")


def test_a_worker_that_is_killed_comes_back_and_loses_nothing(composition: RunningComposition) -> None:
    for _ in range(5):
        composition.order(user=9_003)
    composition.kill(f"{PROJECT}-fraud-1")
    composition.wait_for_orders(9_003, orders=5, timeout=120)


def test_a_broker_that_is_killed_comes_back_and_orders_go_on_meanwhile(composition: RunningComposition) -> None:
    composition.order(user=9_004)
    composition.kill(f"{PROJECT}-kafka-2-1")
    composition.order(user=9_004)
    composition.wait_for_orders(9_004, orders=2, timeout=180)


def test_all_is_well_after_that(composition: RunningComposition) -> None:
    def unwell() -> dict[str, str]:
        return {name: state for name, state in composition.states().items() if state not in ("healthy", "ended well")}

    wait_until(lambda: not unwell(), "every service is healthy", 180, unwell)
    wait_until(lambda: composition.firing() == {"Watchdog"}, "only Watchdog fires", 300, composition.firing)


def test_taken_down_with_its_data_it_leaves_nothing(composition: RunningComposition, engine: Engine) -> None:
    composition.compose("down", "--volumes", "--remove-orphans")
    assert engine.docker("ps", "--all", "--quiet") == ""
    assert engine.docker("volume", "ls", "--quiet") == ""
    networks = set(engine.docker("network", "ls", "--format", "{{.Name}}").split())
    assert networks == {"bridge", "host", "none"}
