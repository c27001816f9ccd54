"""Asks everything that a client made by openapi-python-client may GET; run where it lies, with its generator's Python.

Prints for each operation the status and the form in which the client gives the answer.
"""

import importlib
import inspect
import os
import pkgutil
import sys
from typing import Any

PARTS = {"order_id": "P-1", "user_id": 51, "id": 1}
"""of addresses"""


def main() -> None:
    client = importlib.import_module("shop_api").AuthenticatedClient(os.environ["API_URL"], os.environ["ADMIN_TOKEN"])
    package = importlib.import_module("shop_api.api")
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        operation: Any = importlib.import_module(module.name)
        if not module.ispkg and '"method": "get"' in inspect.getsource(operation):
            named = {
                name: PARTS[name] for name in inspect.signature(operation.sync_detailed).parameters if name in PARTS
            }
            answer = operation.sync_detailed(client=client, **named)
            sys.stdout.write(
                f"{module.name.rpartition('.')[2]}: {answer.status_code.value} {type(answer.parsed).__name__}\n"
            )


main()
