"""Fifty refunds of one order at once, on a file of SQLite, by the API of a process of its own."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from shutil import copy

import pytest

from native.driving import embedded

AT_ONCE = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import django
django.setup()
from django.contrib.auth.models import Group, User
from django.db import connections
from rest_framework.test import APIClient

shop = User.objects.create_user("shop")
shop.groups.add(Group.objects.get(name="shop"))

def client():
    client = APIClient(SERVER_NAME="localhost")
    client.force_authenticate(shop)
    return client

client().post("/transactions", {"order_id": "a-1", "user_id": 1, "amount": "12.50", "status": "SUCCESS"})
ready = Barrier(50)

def request(number):
    mine, keys = client(), {"Idempotency-Key": f"k-{number}"} if sys.argv[1] == "keys" else {}
    ready.wait()
    answer = mine.post("/transactions/a-1/refunds", {"amount": "1.00"}, headers=keys)
    connections.close_all()
    return answer.status_code

with ThreadPoolExecutor(50) as pool:
    print(json.dumps(list(pool.map(request, range(50)))))
"""


@pytest.mark.parametrize("keys", ["keys", "none"])
def test_no_more_are_made_than_the_order_is_over(migrated_database: Path, tmp_path: Path, keys: str) -> None:
    file = Path(copy(migrated_database, tmp_path / "platform.sqlite3"))
    environment = os.environ | embedded.platform_environment(file, "127.0.0.1:1")
    environment |= {"DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONPATH": "platform", "LOG_LEVEL": "ERROR"}
    done = subprocess.run(
        [sys.executable, "-c", AT_ONCE, keys], cwd=embedded.ROOT, env=environment, check=True, stdout=subprocess.PIPE
    )
    statuses = json.loads(done.stdout)
    assert (statuses.count(201), set(statuses) <= {201, 409, 503}) == (12, True)
    with closing(sqlite3.connect(file)) as database:
        refunded = "SELECT refunded_amount FROM transactions WHERE order_id = 'a-1'"
        assert database.execute(refunded).fetchone() == (12,)
        assert database.execute(
            "SELECT COUNT(*), SUM(amount) FROM transactions WHERE refund_of = 'a-1'"
        ).fetchone() == (12, -12)
