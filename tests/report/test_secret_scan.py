"""What must not be published is found, and not told again."""

import json
from pathlib import Path

import pytest

from native.layout import ROOT, Layout
from report.secret_scan import leaks


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A cluster's secrets, in each form in which they are kept."""
    secrets = tmp_path / "var" / "secrets"
    secrets.mkdir(parents=True)
    (secrets / "redis").write_text("plain-password\n")
    (secrets / "kafka-monitor.env").write_text("KAFKA_SASL_USERNAME=monitor\nKAFKA_SASL_PASSWORD=env-password\n")
    (secrets / "platform.env").write_text("DATABASE_URL=mysql://platform:url-password@127.0.0.1/shop\n")
    (secrets / "accounts.json").write_text(json.dumps({"shop": {"password": "shop-password", "token": "shop-token"}}))
    return Layout(tmp_path / "var", 19)


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    (tmp_path / "evidence" / "pages").mkdir(parents=True)
    return tmp_path / "evidence"


@pytest.mark.parametrize("secret", ["plain-password", "env-password", "url-password", "shop-password", "shop-token"])
def test_a_secret_is_found_in_whatever_file(layout: Layout, evidence: Path, secret: str) -> None:
    (evidence / "pages" / "broker.log").write_text(f"logged in with {secret}.")
    (found,) = leaks(evidence, layout)
    assert found.startswith("pages/broker.log gives away what ")
    assert secret not in found


def test_folders_of_this_machine_are_found(layout: Layout, evidence: Path) -> None:
    (evidence / "broker.log").write_text(f"Loading {ROOT}/var/kafka")
    assert leaks(evidence, layout) == ["broker.log gives away the project's folder"]


def test_a_private_key_is_found(layout: Layout, evidence: Path) -> None:
    (evidence / "x.log").write_text("-----BEGIN PRIVATE KEY-----")
    assert leaks(evidence, layout) == ["x.log gives away a private key"]


def test_what_may_be_told_is_let_through(layout: Layout, evidence: Path) -> None:
    (evidence / "broker.log").write_text("The principal monitor logged in from 127.0.0.1.")
    assert leaks(evidence, layout) == []
