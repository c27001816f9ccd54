"""How many requests somebody may send in a while, what is left of them, and the header fields that tell it. Pure.

The fields are those of the IETF's draft-ietf-httpapi-ratelimit-headers-10.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from zlib import crc32

from limits import RateLimitItem


class Kind(StrEnum):
    """What requests are counted as."""

    WRITES = "writes"
    SEARCHES = "searches"
    LOGINS = "logins"


class Per(StrEnum):
    """Whose requests are counted together."""

    ACCOUNT = "account"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Policy:
    """A rate under the name by which callers are told of it, such as `writes-per-account`."""

    name: str
    rate: RateLimitItem

    @property
    def seconds(self) -> int:
        """How long a window is."""
        return self.rate.get_expiry()

    def window(self, subject: str, now: float) -> tuple[str, int]:
        """The key under which requests of this moment are counted, and whole seconds until its window ends, from 1 on.

        subject: an account or an address. Not all of them begin a new window at the same moment.
        """
        number, passed = divmod(int(now) + crc32(subject.encode()), self.seconds)
        return f"{self.name}/{subject}/{number}", self.seconds - passed


@dataclass(frozen=True, slots=True)
class Use:
    """What somebody has used of a policy."""

    policy: Policy
    count: int
    """requests of the present window, with the one at hand"""
    ends_in: int
    """whole seconds until the window ends, from 1 on"""

    @property
    def left(self) -> int:
        return max(self.policy.rate.amount - self.count, 0)

    @property
    def is_too_much(self) -> bool:
        return self.count > self.policy.rate.amount


def told(uses: Sequence[Use]) -> dict[str, str]:
    """Header fields that tell a caller of policies, and of what is left."""
    if not uses:
        return {}
    return {
        "RateLimit-Policy": ", ".join(
            f'"{use.policy.name}";q={use.policy.rate.amount};w={use.policy.seconds}' for use in uses
        ),
        "RateLimit": ", ".join(f'"{use.policy.name}";r={use.left};t={use.ends_in}' for use in uses),
    }
