"""Tokens in all processes of the API as gunicorn serves it."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request

from native.loopback import urlopen
from tests.served import Served, served


def ask(api: Served, login: str, method: str, path: str) -> int:
    """The status of the answer."""
    token = api.logins[login]["token"]
    request = Request(api.url + path, method=method, headers={"Authorization": f"Bearer {token}"})
    try:
        with urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except HTTPError as error:
        error.close()
        return error.code


def test_a_revoked_token_ends_in_all_processes_and_uses_and_reads_are_written_down_when_they_go(
    tmp_path: Path, migrated_database: Path
) -> None:
    with (
        served(tmp_path, migrated_database, processes=2) as api,
        ThreadPoolExecutor(8) as callers,
    ):

        def statuses(login: str) -> set[int]:
            return set(callers.map(lambda _: ask(api, login, "GET", "/transactions"), range(60)))

        assert (statuses("shop"), statuses("customer")) == ({200}, {200})  # every process knows both
        assert ask(api, "shop", "DELETE", "/auth/tokens") == 204
        assert (statuses("shop"), statuses("customer")) == ({401}, {200})
    with closing(sqlite3.connect(tmp_path / "platform.sqlite3")) as database:
        rows = database.execute(
            "SELECT username, last_used_at IS NOT NULL FROM accounts_tokendetails d"
            " JOIN knox_authtoken t ON t.digest = d.token_id JOIN auth_user u ON u.id = t.user_id"
        ).fetchall()
        (reads,) = database.execute("SELECT count(*) FROM audit_log WHERE route = 'transactions'").fetchone()
    assert dict(rows) == {"admin": 0, "analyst": 0, "customer": 1, "investigator": 0, "operator": 0}
    assert reads == 60  # the shop's: a customer reads his own
