"""Where one run of the demo keeps its things and listens, and its management commands."""

import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from native import inherited
from native.broker import HOST
from native.supervision import ROOT


class Failed(RuntimeError):
    """A step did not work; its output says why."""


@dataclass
class Place:
    """Where one run of the platform keeps its things and listens."""

    var: Path
    api_port: int
    kafka_port: int
    metrics_port: int
    """where run_monitor serves its metrics; 0: nowhere"""
    listen: str = HOST
    """at which of this machine's addresses the API answers others; it always answers here"""

    @property
    def api(self) -> str:
        return f"http://{HOST}:{self.api_port}"

    @property
    def brokers(self) -> str:
        return f"{HOST}:{self.kafka_port}"

    @property
    def database(self) -> Path:
        return self.var / "platform.sqlite3"

    @property
    def supervisor(self) -> str:
        return f"unix://{self.var}/supervisor.sock"

    @cached_property
    def environment(self) -> dict[str, str]:
        """The settings of compose/embedded.env, moved to this place."""
        return (
            inherited.environment()
            | self.settings
            | {
                "VAR": str(self.var),
                "PYTHON": sys.executable,
                "API_HOST": self.listen,
                "API_PORT": str(self.api_port),
                "BROKER_PORT": str(self.kafka_port),
                "METRICS_PORT": str(self.metrics_port),
            }
        )

    @property
    def settings(self) -> dict[str, str]:
        """The variables by which our own commands work here, beside compose/embedded.env."""
        place = self.var.relative_to(ROOT)
        return {
            "PLATFORM_ENV": "compose/embedded.env",
            "SECRET_KEY_FILE": f"{place}/secret-key",
            "DATABASE_URL": f"sqlite:///{place}/platform.sqlite3",
            "KAFKA_BOOTSTRAP_SERVERS": self.brokers,
            "CELERY_FOLDER": f"{place}/celery",
            "EMAIL_URL": f"filemail:///{place}/mail",
            "PUBLIC_URL": self.api,
            "SUPERVISOR": self.supervisor,
        }

    def manage(self, *arguments: str) -> None:
        """Run a management command whose output is of interest only if it fails; raises Failed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        if done.returncode:
            raise Failed(f"manage.py {arguments[0]} ended with {done.returncode}:\n{done.stdout}")

    def manage_aloud(self, *arguments: str) -> None:
        """Run a management command in view; raises Failed."""
        done = subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.environment, check=False)
        if done.returncode:
            raise Failed(f"manage.py {arguments[0]} ended with {done.returncode}.")
