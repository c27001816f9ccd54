"""The kinds of requests that are measured. Pure."""

from dataclasses import dataclass

ORDERS_OF_A_LIST = 1000
PAGE = 100


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of request.

    script: in bench/wrk. login: the demo account whose token it brings. paths: the file of addresses that it draws
    from. counts: how many of what is counted are in a request. longer:
    how many times as long it is asked for as others. goal: the least ratio to the peer that is wanted.
    """

    name: str
    title: str
    script: str
    login: str
    goal: float
    paths: str = ""
    counts: int = 1
    connections: int = 8
    longer: int = 1
    unit: str = "requests"

    @property
    def variables(self) -> dict[str, str]:
        return {"ORDERS": str(self.counts)}


KINDS = (
    Kind("get", "GET by id", "get.lua", "shop", 0.5, paths="ids"),
    Kind("hourly", "hourly totals of a user", "get.lua", "shop", 0.5, paths="hourly"),
    # What one of the shop's own people reads is in the audit log before it is answered; the peer has none.
    Kind("person", "the same, asked by an analyst", "get.lua", "analyst", 0.5, paths="hourly"),
    Kind("page", "page of 100, anywhere", "get.lua", "shop", 0.5, paths="pages"),
    Kind("first", "first page of 100", "get.lua", "shop", 0.5, paths="first"),
    # Those that write come last: what they add is not there yet when the others read.
    Kind("post", "POST of one order", "post.lua", "shop", 0.7),
    Kind(
        "list", "POST of 1,000 orders", "post.lua", "shop", 1, counts=ORDERS_OF_A_LIST, connections=2, longer=2,
        unit="orders"
    ),
)  # fmt: skip
BY_NAME = {kind.name: kind for kind in KINDS}
