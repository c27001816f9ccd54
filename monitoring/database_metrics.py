"""What other apps export to Prometheus through `run_monitor`: figures of the database, not of any process."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from time import monotonic

import structlog
from django.db import Error
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

log = structlog.get_logger(__name__)
EVERY_SECONDS = 5
"""How often Prometheus asks; rows need not be counted more often."""
Source = Callable[[], Iterable[Metric]]


class DatabaseMetrics(Collector):
    """Serves what its sources gave last. One whose rows cannot be read exports nothing until they can be read again."""

    def __init__(self, sources: Sequence[Source], clock: Callable[[], float] = monotonic) -> None:
        self._sources = sources
        self._clock = clock
        self._due = 0.0
        # Replaced as a whole by the monitor's thread, and read by the server's.
        self._metrics: Sequence[Metric] = ()

    def read(self) -> None:
        """Ask the sources, unless they were asked just now."""
        if self._clock() >= self._due:
            self._metrics = [metric for source in self._sources for metric in _read(source)]
            self._due = self._clock() + EVERY_SECONDS

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics


def _read(source: Source) -> list[Metric]:
    try:
        return list(source())
    except Error as error:
        # What is known of Kafka is exported also while the database is away.
        log.warning("figures cannot be read", source=source.__name__, error=str(error))
        return []
