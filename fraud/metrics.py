"""What the fraud worker counts beside what every worker does."""

from prometheus_client import Counter

from fraud.rules import AMOUNT_ABOVE_LIMIT
from streaming.metrics import REGISTRY

ALERTS_RAISED = Counter("platform_worker_alerts_raised", "Fraud alerts raised.", ["rule"], registry=REGISTRY)
# There from the start, so that the first alert is seen as an increase.
ALERTS_RAISED.labels(AMOUNT_ABOVE_LIMIT)
