"""The MySQL of measurements, without one."""

import socket

import pytest

from bench import mysql
from native.layout import HOST


def test_two_measurements_at_once_take_different_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        first = mysql.free_thousands()
        # What has just been closed there is no matter, as it is none to MySQL.
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((HOST, first * 1000 + 306))
        other.listen()
        assert mysql.free_thousands() > first
        monkeypatch.setattr(mysql, "THOUSANDS", range(first, first + 1))
        with pytest.raises(mysql.NoFreePort, match=f"{first}306"):
            mysql.free_thousands()
