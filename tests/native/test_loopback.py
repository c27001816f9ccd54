"""A proxy that the environment names is never asked for what is on this machine, by launchers nor by the platform."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.request import Request

import pytest

from config.proxies import spare_loopback
from native.demo import answers
from native.driving.embedded import ROOT, free_ports
from native.loopback import is_here, urlopen
from native.place import Place

PROXY_VARIABLES = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")


@pytest.fixture
def served() -> Iterator[int]:
    """The port of a server on loopback that answers everything with an empty list."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b"[]")

        def log_message(self, format: str, *args: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture(params=["http", "socks5h"])
def dead_proxy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An environment that names a proxy where nobody listens, and no exceptions."""
    address = f"{request.param}://127.0.0.1:{free_ports(1)[0]}"
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in PROXY_VARIABLES:
        monkeypatch.setenv(name, address)
    return dict(os.environ)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_launchers_ask_loopback_directly(dead_proxy: dict[str, str], served: int, host: str) -> None:
    with urlopen(Request(f"http://{host}:{served}/"), timeout=5) as answer:
        assert answer.read() == b"[]"


def test_the_demo_finds_its_api_behind_a_proxy(dead_proxy: dict[str, str], served: int, tmp_path: Path) -> None:
    assert answers(Place(tmp_path, served, 0, 0))


@pytest.mark.parametrize(
    "asks",
    [
        "import httpx2; httpx2.get(ADDRESS).raise_for_status()",
        "import requests; requests.get(ADDRESS).raise_for_status()",
        "import urllib.request; urllib.request.urlopen(ADDRESS).close()",
        "from streaming.connectors.connect import Connect; assert Connect(ADDRESS).names() == []",
        "from confluent_kafka.schema_registry import SchemaRegistryClient as R;"
        " assert R({'url': ADDRESS}).get_subjects() == []",
    ],
    ids=["httpx2", "requests", "urllib", "Connect", "registry"],
)
def test_the_platform_asks_loopback_directly(dead_proxy: dict[str, str], served: int, asks: str) -> None:
    asking = f"import config.settings; ADDRESS = 'http://127.0.0.1:{served}'; {asks}"
    environment = dead_proxy | {"PYTHONPATH": "platform", "SECRET_KEY": "of a test"}
    done = subprocess.run(
        [sys.executable, "-c", asking], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:8000/", True),
        ("https://127.8.9.10/", True),
        ("http://[::1]:9090/", True),
        ("http://localhost:9090/", True),
        ("http://127.0.0.1.example.org/", False),
        ("http://10.0.0.1/", False),
        ("http://connect:8083/", False),
    ],
)
def test_loopback_is_known_by_its_address(url: str, here: bool) -> None:
    assert is_here(url) == here


@pytest.mark.parametrize(
    ("given", "spared"),
    [
        ({}, "127.0.0.1,localhost,::1"),
        ({"NO_PROXY": "shop.example, localhost"}, "shop.example,localhost,127.0.0.1,::1"),
        ({"no_proxy": "a.example", "NO_PROXY": "b.example"}, "a.example,127.0.0.1,localhost,::1"),
        ({"no_proxy": "*"}, "*"),
        ({"no_proxy": "", "NO_PROXY": "b.example"}, "b.example,127.0.0.1,localhost,::1"),
    ],
)
def test_exceptions_that_were_there_stay(given: dict[str, str], spared: str) -> None:
    environment = dict(given)
    spare_loopback(environment)
    assert environment == {"no_proxy": spared, "NO_PROXY": spared}


def test_other_proxies_stay_and_those_that_nobody_here_speaks_go() -> None:
    environment = {"https_proxy": "http://proxy.example:3128", "ALL_PROXY": "socks5://proxy.example:1080"}
    spare_loopback(environment)
    assert environment["https_proxy"] == "http://proxy.example:3128"
    assert "ALL_PROXY" not in environment
