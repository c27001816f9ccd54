"""The composition that runs on an engine, as tests see it: its containers, its stores, its API."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from native.driving.embedded import ROOT, wait_until
from native.loopback import urlopen
from tests.docker.engine import Engine

FILE = ROOT / "compose" / "docker-compose.yml"
PROJECT = "data-platform"
API = "http://127.0.0.1:8000"
HUGE = "20000000.00"
"""An amount that is always an alert."""
GET = "import sys, urllib.request as u; sys.stdout.buffer.write(u.urlopen(sys.argv[1], timeout=20).read())"


@dataclass(frozen=True)
class RunningComposition:
    engine: Engine

    def compose(self, *arguments: str, timeout: float = 600) -> str:
        return self.engine.docker("compose", "--file", str(FILE), *arguments, timeout=timeout)

    @property
    def containers(self) -> list[dict[str, Any]]:
        """Every container, those that ended too, as `docker compose ps` tells it."""
        return [json.loads(line) for line in self.compose("ps", "--all", "--format", "json").splitlines()]

    def states(self, *services: str) -> dict[str, str]:
        """Container → `healthy`, `ended well`, or what else it is; of all services unless some are named."""
        return {
            each["Name"]: _state(each)
            for each in self.containers
            if not services or each["Service"] in services
        }  # fmt: skip

    def inspect(self, container: str, template: str) -> str:
        return self.engine.docker("inspect", "--format", template, container)

    def kill(self, container: str) -> None:
        """kill -9 of its first process, as a crash would be; wait until it was started again and is healthy.

        `docker kill` would say that somebody wants it stopped.
        """
        starts = "{{.RestartCount}}"
        before = int(self.inspect(container, starts))
        self.engine.run("sh", "-c", f"kill -9 {self.inspect(container, '{{.State.Pid}}')}")
        wait_until(lambda: int(self.inspect(container, starts)) > before, f"{container} was started again", 60)
        wait_until(lambda: self.health(container) == "healthy", f"{container} is healthy again", 180)

    def health(self, container: str) -> str:
        return self.inspect(container, "{{.State.Health.Status}}")

    # --- what its parts say -------------------------------------------------------------------------------------------

    def ask(self, url: str) -> Any:
        """What a part answers to one who is in its network."""
        return json.loads(self.compose("exec", "-T", "monitor", "python", "-c", GET, url))

    def targets(self) -> dict[str, str]:
        """Job and instance of each of Prometheus' targets → how it is."""
        active = self.ask("http://prometheus:9090/api/v1/targets?state=active")["data"]["activeTargets"]
        return {f"{each['labels']['job']} {each['labels']['instance']}": each["health"] for each in active}

    def firing(self) -> set[str]:
        alerts = self.ask("http://prometheus:9090/api/v1/alerts")["data"]["alerts"]
        return {each["labels"]["alertname"] for each in alerts if each["state"] == "firing"}

    def connectors(self) -> dict[str, list[str]]:
        """The state of each connector and of its tasks."""
        return {
            name: [each["status"]["connector"]["state"], *(task["state"] for task in each["status"]["tasks"])]
            for name, each in self.ask("http://connect:8083/connectors?expand=status").items()
        }

    def sql(self, statement: str) -> list[list[str]]:
        """What root is told in MySQL's container."""
        login = "--defaults-extra-file=/run/secrets/mysql-root.cnf"
        told = self.compose(
            "exec", "-T", "mysql", "mysql", login, "--batch", "--skip-column-names", "shop", "--execute", statement
        )
        return [line.split("\t") for line in told.splitlines()]

    # --- the API ------------------------------------------------------------------------------------------------------

    @cached_property
    def logins(self) -> dict[str, dict[str, str]]:
        """Accounts of every role, made by the command that the documents name."""
        made = self.compose("run", "--rm", "--no-deps", "-T", "api", "python", "manage.py", "make_demo_accounts")
        logins: dict[str, dict[str, str]] = json.loads(made)
        return logins

    def call(self, role: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Call the API on the published port, under a role or ("") under none; gives status and JSON."""
        headers = {"Content-Type": "application/json"}
        if role:
            headers["Authorization"] = f"Bearer {self.logins[role]['token']}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(API + path, data, headers, method=method)
        try:
            with urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    def order(self, user: int) -> str:
        """Post one that is an alert; its id."""
        asked = {"user_id": user, "amount": HUGE, "status": "SUCCESS"}
        status, order = self.call("shop", "POST", "/transactions", asked)
        assert status == 201, order
        return str(order["order_id"])

    def arrived(self, user: int, orders: int = 1) -> dict[str, bool]:
        """At which stages all of a user's orders have come."""
        alerts = self.call("investigator", "GET", f"/fraud/alerts?user_id={user}")[1]
        found = self.call("shop", "POST", "/search/transactions", {"user_id": user})[1]
        hours = self.call("analyst", "GET", f"/analytics/users/{user}/hourly")[1]["hours"]
        return {
            "alert": len(alerts["results"]) == orders,
            "search": found["total"] == orders,
            "total": sum(hour["transaction_count"] for hour in hours) == orders,
        }

    def wait_for_orders(self, user: int, orders: int = 1, timeout: float = 60) -> None:
        wait_until(
            lambda: all(self.arrived(user, orders).values()), "orders came to alert, search and total", timeout,
            lambda: self.arrived(user, orders),
        )  # fmt: skip


def _state(container: dict[str, Any]) -> str:
    if container["State"] == "exited":
        return "ended well" if container["ExitCode"] == 0 else f"ended with {container['ExitCode']}"
    return str(container["Health"] or container["State"])
