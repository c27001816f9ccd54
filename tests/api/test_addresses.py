from ipaddress import ip_address, ip_network

import pytest

from api.addresses import client_address, counted_address

OURS = [ip_network("10.0.0.0/24"), ip_network("fd00::/64")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("10.0.0.1", "10.0.0.3,10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7, nonsense", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7:4711", "10.0.0.1"),
        ("::ffff:10.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"),
        ("fd00::1", "2001:db8::1", "2001:db8::1"),
    ],
)
def test_what_stands_behind_trusted_proxies_is_believed(peer: str, forwarded: str, client: str) -> None:
    environ = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded}
    assert client_address(environ, OURS) == ip_address(client)


@pytest.mark.parametrize("peer", ["10.0.0.1", "127.0.0.1", "192.0.2.1"])
def test_without_trusted_proxies_nothing_is_believed(peer: str) -> None:
    environ = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": "198.51.100.7"}
    assert client_address(environ, []) == ip_address(peer)


def test_a_peer_on_a_unix_socket_has_none() -> None:
    assert client_address({"REMOTE_ADDR": "", "HTTP_X_FORWARDED_FOR": "198.51.100.7"}, OURS) is None


def test_addresses_of_one_customer_count_as_one() -> None:
    assert counted_address(ip_address("2001:db8:0:1::1")) == counted_address(ip_address("2001:db8:0:1:ffff::2"))
    assert counted_address(ip_address("2001:db8:0:2::1")) != counted_address(ip_address("2001:db8:0:1::1"))
    assert counted_address(ip_address("192.0.2.1")) != counted_address(ip_address("192.0.2.2"))
