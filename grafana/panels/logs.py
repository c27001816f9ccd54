"""Lines of logs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from grafana.panels.panel import Panel
from grafana.panels.query import ELASTICSEARCH, Json, Query


@dataclass(frozen=True, kw_only=True)
class Logs(Panel):
    """Lines of logs from Elasticsearch, newest first."""

    kind: ClassVar[str] = "logs"
    unit: str = "string"
    queries: Sequence[Query] = ()
    lines: str
    """which ones, as Lucene says it"""

    def source(self) -> Json:
        return ELASTICSEARCH

    def targets(self) -> list[Json]:
        logs = {"id": "1", "type": "logs", "settings": {"limit": "500"}}
        return [
            {
                "refId": "A",
                "datasource": ELASTICSEARCH,
                "query": self.lines,
                "timeField": "@timestamp",
                "metrics": [logs],
                "bucketAggs": [],
            }
        ]

    def options(self, columns: int) -> Json:
        return {
            "dedupStrategy": "none",
            "enableLogDetails": True,
            "prettifyLogMessage": False,
            "showCommonLabels": False,
            "showLabels": False,
            "showLogContextToggle": False,
            "showTime": True,
            "sortOrder": "Descending",
            "wrapLogMessage": True,
        }
