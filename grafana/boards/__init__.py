"""The dashboards, one file each. docs/decisions/0014-dashboards.md says why they are written so."""

from grafana.boards import api, brokers, cdc, databases, fraud, lag, overview, security, throughput, workers

DASHBOARDS = [
    module.DASHBOARD for module in (overview, throughput, lag, workers, brokers, security, cdc, fraud, api, databases)
]
