"""What has to answer for a figure to be known: 0 is said where it is true, and nothing where nobody knows."""

WORKERS = "recorder|fraud|aggregator|notifier"
"""Those that run everywhere."""
BROKERS = 3
MONITORS = "health.*|metrics|alertmanager|heartbeat"
"""Views of the API that are asked by monitors and not by people; the rules of alerts leave out the same."""
OURS = f'view!~"{MONITORS}"'


def seen(expr: str) -> str:
    """Nothing while run_monitor cannot observe Kafka: it goes on telling what it saw last."""
    return f"({expr}) and on () (max(platform_monitor_up) == 1)"


def of_every_worker(expr: str) -> str:
    """Nothing while one of the workers is silent, whose figure might be the worst."""
    telling = f'count by (worker) (platform_worker_freshness_seconds{{worker=~"{WORKERS}"}})'
    return f"({expr}) and on () (count({telling}) == {len(WORKERS.split('|'))})"


def of_every_broker(expr: str, worse: str = "") -> str:
    """Nothing while one of the brokers is silent, whose figure might be the worst, or what a sum lacks.

    worse: what is bad whatever that one would say, such as `> 0`, and is shown at once.
    """
    whole = f'({expr}) and on () (count(up{{job="kafka"}} == 1) == {BROKERS})'
    return f"{expr} {worse} or {whole}" if worse else whole


def or_none_of(expr: str, source: str) -> str:
    """0 where something has never happened, if there is a source that would have told of it."""
    return f"{expr} or 0 * ({source})"


API = 'sum(up{job="api"}) > 0'
"""The API answers."""
EACH_WORKER = of_every_worker("count(platform_worker_freshness_seconds)")
