"""Ports for parts that take their time until they listen."""

import socket
from pathlib import Path

import pytest

from native.driving import embedded
from native.driving.embedded import free_ports

GIVEN_TO_WHO_CONNECTS = Path("/proc/sys/net/ipv4/ip_local_port_range")


def test_no_port_is_one_that_the_system_gives_to_who_connects() -> None:
    first, last = map(int, GIVEN_TO_WHO_CONNECTS.read_text().split())
    assert not set(range(first, last + 1)) & set(embedded.LISTENED_ON)


def test_ports_differ_and_nobody_listens_on_them(monkeypatch: pytest.MonkeyPatch) -> None:
    some = free_ports(3)
    monkeypatch.setattr(embedded, "LISTENED_ON", some)
    with socket.create_server(("127.0.0.1", some[1])):
        assert sorted(free_ports(2)) == sorted([some[0], some[2]])
        with pytest.raises(AssertionError, match="3 ports are not free"):
            free_ports(3)
