"""Debian's packages as they were proven, and what is said where they are others."""

import re

import pytest

from native.driving.embedded import ROOT
from native.packages import proven
from native.packages.fetching import ENGINE_PACKAGES, MONITORING_PACKAGES, MYSQL_PACKAGES, WRK_PACKAGES
from native.packages.proven import Package, WrongContent, differences, pinned

MTAIL = Package("mtail", "3.2.24-2", "amd64", "37e2")
PROVEN = {"mtail": MTAIL}


def test_what_was_proven_is_asked_for_and_what_never_was_by_its_name() -> None:
    assert pinned(["mtail", "rsyslog"], PROVEN) == ["mtail=3.2.24-2", "rsyslog"]


def test_nothing_is_said_of_what_was_proven() -> None:
    assert differences([MTAIL], PROVEN) == []


def test_another_version_is_named_with_the_one_that_was_proven() -> None:
    newer = Package("mtail", "3.3.0-1", "amd64", "ffff")
    assert differences([newer, Package("rsyslog", "8", "amd64", "0")], PROVEN) == [
        "mtail 3.3.0-1 (proven: 3.2.24-2)",
        "rsyslog 8 (never proven)",
    ]


def test_the_same_version_with_other_content_is_refused() -> None:
    with pytest.raises(WrongContent, match="has the checksum ffff"):
        differences([Package("mtail", "3.2.24-2", "amd64", "ffff")], PROVEN)


def test_another_architecture_has_another_content() -> None:
    assert differences([Package("mtail", "3.2.24-2", "arm64", "ffff")], PROVEN) == []


def test_the_lock_names_every_package_that_is_taken_from_debian() -> None:
    written = proven.read()
    assert set(written) == {*MYSQL_PACKAGES, *MONITORING_PACKAGES, *ENGINE_PACKAGES, *WRK_PACKAGES}
    assert proven.written(written.values()) == proven.LOCK.read_text()


def test_mysql_is_of_one_version_natively_and_in_docker() -> None:
    images = set(re.findall(r"image: mysql:(\S+)", (ROOT / "compose" / "docker-compose.yml").read_text()))
    assert images == {proven.read()["mysql-server-core"].version.partition("-")[0]}
