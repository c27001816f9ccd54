"""Limits to how many requests an account, or an address, may send in a while (docs/decisions/0055).

All processes share the counts: those of one server in memory, those of several in Redis. While Redis does not answer,
each server counts for itself.
"""

import time
from functools import cache
from typing import Any

import limits
import structlog
from django.conf import settings
from django.http import HttpRequest
from limits.errors import StorageError
from limits.storage import RedisStorage

from api import request_metrics
from api.addresses import counted_client
from api.problems import Problem, ProblemType
from api.rates import Kind, Per, Policy, Use, told
from api.shared_counts import COUNTS

log = structlog.get_logger(__name__)

IN_MEMORY = "memory"
PATIENCE_SECONDS = 0.25
"""How long Redis may take to answer, and to take a connection."""
AWAY_SECONDS = 5.0
"""How long it is not asked again after it has not answered."""
_away_until = 0.0


def use_of_address(request: HttpRequest, kind: Kind) -> Use | None:
    """Count a request for the address that it comes from; None: these are not limited, or it has no address.

    Each of IPv6's networks of 64 bits is one address.
    """
    policy = _policy(kind, Per.ADDRESS)
    address = counted_client(request.META, settings.TRUSTED_PROXIES) if policy else None
    return _use(policy, address) if policy and address else None


def use_of_account(account_id: int | None, kind: Kind) -> Use | None:
    """Count a request for an account; None: these are not limited, or it is nobody's."""
    policy = _policy(kind, Per.ACCOUNT)
    return _use(policy, str(account_id)) if policy and account_id is not None else None


def refusal(use: Use) -> Problem:
    """What is said to who has sent too many."""
    request_metrics.OVER_RATE.labels(use.policy.name).inc()
    violated: dict[str, Any] = {"violated-policies": [use.policy.name]}
    whose = "account" if use.policy.name.endswith(Per.ACCOUNT) else "address"
    return Problem(
        ProblemType.TOO_MANY_REQUESTS,
        f"This {whose} has sent more than {use.policy.rate.amount:,} such requests in {use.policy.seconds:,} seconds: "
        f"wait {use.ends_in:,} seconds.",
        headers={"Retry-After": str(use.ends_in)} | told([use]),
        **violated,
    )


def _policy(kind: Kind, per: Per) -> Policy | None:
    name = f"{kind}-per-{per}"
    rate = settings.RATES.get(name)
    return _named(name, rate) if rate else None


@cache
def _named(name: str, rate: str) -> Policy:
    return Policy(name, limits.parse(rate))


def _use(policy: Policy, subject: str) -> Use:
    key, ends_in = policy.window(subject, time.time())
    return Use(policy, _count(key, policy.seconds), ends_in)


def _count(key: str, seconds: int) -> int:
    global _away_until  # noqa: PLW0603 - one word for all threads
    if settings.RATES_COUNTED_IN == IN_MEMORY or time.monotonic() < _away_until:
        return COUNTS.incr(key, seconds)
    try:
        return _redis(settings.RATES_COUNTED_IN).incr(key, seconds)
    except StorageError as error:
        _away_until = time.monotonic() + AWAY_SECONDS
        request_metrics.RATE_COUNTS_AWAY.inc()
        log.warning("Redis does not count requests: this server counts for itself", error=str(error))
        return COUNTS.incr(key, seconds)


@cache
def _redis(url: str) -> RedisStorage:
    # Its client brings OpenTelemetry along where that is installed; who counts in memory needs neither.
    from redis import ConnectionPool  # noqa: PLC0415
    from redis.backoff import NoBackoff  # noqa: PLC0415
    from redis.retry import Retry  # noqa: PLC0415

    pool = ConnectionPool.from_url(
        url,
        socket_timeout=PATIENCE_SECONDS,
        socket_connect_timeout=PATIENCE_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    return RedisStorage(url, connection_pool=pool, key_prefix="rates", wrap_exceptions=True)
