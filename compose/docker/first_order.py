"""One order, followed from the API to its alert, its hourly total and its search hit.

python -m compose.docker.first_order <accounts.json        in the API's container; make_demo_accounts writes the file

Prints a line for each, with the seconds since the order. Ends with 3 if the accounts are not (or no longer) known, and
with 1 and a sentence if something does not come. The order stays in the record: one cent above the limit of fraud's
rule, of the user whom the demo's account `customer` is.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request

from native.loopback import urlopen

API = "http://127.0.0.1:8000"
USER = 1
AMOUNT = "10000000.01"
PATIENCE_SECONDS = 90
UNKNOWN_ACCOUNT = 3
UNAUTHORIZED = 401


class Refused(RuntimeError):
    """The API takes none of these accounts."""


def call(token: str, path: str, body: Any = None) -> Any:
    """The API's answer as JSON; raises Refused, HTTPError, OSError."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(API + path, data, {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=10) as answer:
            return json.load(answer)
    except HTTPError as error:
        if error.code == UNAUTHORIZED:
            raise Refused from None
        raise


def follow(
    accounts: dict[str, dict[str, str]], say: Callable[[str], object], patience: float = PATIENCE_SECONDS
) -> None:
    """Send the order and wait for all that must come of it; raises Refused, TimeoutError."""
    shop, investigator = accounts["shop"]["token"], accounts["investigator"]["token"]
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    totals = f"/analytics/users/{USER}/hourly?from={hour:%Y-%m-%dT%H:%M:%SZ}"
    counted = call(shop, totals)["sums"]["transaction_count"]
    began = time.monotonic()
    order = call(shop, "/transactions", {"user_id": USER, "amount": AMOUNT})["order_id"]
    say(f"order {order} of {AMOUNT} is recorded")
    coming: dict[str, Callable[[], bool]] = {
        "its fraud alert": lambda: any(
            alert["order_id"] == order for alert in call(investigator, f"/fraud/alerts?user_id={USER}")["results"]
        ),
        "its hourly total": lambda: call(shop, totals)["sums"]["transaction_count"] > counted,
        "its search hit": lambda: bool(call(shop, "/search/transactions", {"order_id": order})["transactions"]),
    }
    while coming:
        for what in [what for what, has_come in coming.items() if has_come()]:
            del coming[what]
            say(f"{what}: {time.monotonic() - began:.1f} s after it")
        if time.monotonic() - began > patience:
            raise TimeoutError(f"Within {patience} s these did not come: {', '.join(coming)}.")
        time.sleep(0.1)


def main() -> None:
    try:
        follow(json.load(sys.stdin), lambda line: sys.stdout.write(f"  {line}\n"))
    except Refused:
        sys.exit(UNKNOWN_ACCOUNT)
    except OSError as error:
        sys.exit(f"The order was not followed to its end: {error}")


if __name__ == "__main__":
    main()
