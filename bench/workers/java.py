"""The peers: Kafka Streams, and a consumer and a producer of Kafka's own clients, built from bench/peers/kafka."""

import re
from dataclasses import dataclass
from pathlib import Path

from bench import maven
from native.layout import ROOT

SOURCES = ROOT / "bench" / "peers" / "kafka"
MADE = ROOT / "var" / "bench" / "kafka"
JAR = MADE / "peers.jar"
HEAP = "1g"
COMMIT_MS = 1000
"""between the transactions of Streams"""


def build() -> None:
    """Build them where sources are newer; ends with a sentence where Maven or Java is missing."""
    maven.build(SOURCES, JAR)


def versions() -> dict[str, str]:
    """Of all that the peers consist of and run on."""
    pom = (SOURCES / "pom.xml").read_text()
    found = dict(re.findall(r"<(kafka|avro)\.version>(.*?)</", pom))
    return {"Kafka Streams": found["kafka"], "Avro for Java": found["avro"], "Java": maven.java_version()}


@dataclass(frozen=True, slots=True)
class Peers:
    """How each is started. heap: such as 1g."""

    heap: str = HEAP

    def streams(
        self,
        broker: str,
        application: str,
        *,
        orders: str,
        totals: str,
        store: str,
        state: Path,
        commit_ms: int = COMMIT_MS,
    ) -> list[str]:
        places = (broker, application, orders, totals, store, str(state), str(commit_ms))
        return self._command("peer.totals.StreamsTotals", *places)

    def fraud(self, broker: str, group: str, *, orders: str, alerts: str, limit: float) -> list[str]:
        return self._command("peer.fraud.FraudConsumer", broker, group, orders, alerts, str(limit))

    def producer(self, broker: str, *, orders: str, count: int, schema_id: int) -> list[str]:
        return self._command("peer.orders.OrderProducer", broker, orders, str(count), str(schema_id))

    def _command(self, main: str, *arguments: str) -> list[str]:
        """As one runs it in production: the default collector and compilers, and a heap that is large enough."""
        options = [f"-Xms{self.heap}", f"-Xmx{self.heap}", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
        return [maven.java(), *options, "-cp", f"{JAR}:{MADE / 'lib'}/*", main, *arguments]
