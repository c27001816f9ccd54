import base64
import hashlib
import re
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from compose.docker import secret_files
from native.security import acls
from native.security.certificates import CERTIFIED
from native.with_env import variables


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    secret_files.make(folder)
    return folder


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_only_the_owner_looks_into_the_folder_and_the_authoritys_key_is_the_owners(folder: Path) -> None:
    assert mode(folder) == 0o700
    assert mode(folder / "ca.key") == 0o600
    # Docker keeps modes, and each image runs as another user.
    assert {mode(file) for file in folder.iterdir() if file.name != "ca.key"} == {0o644}


@pytest.mark.parametrize("name", ["accounts.json", "accounts.json.part"])
def test_what_opens_the_api_stays_its_owners(folder: Path, name: str) -> None:
    (folder / name).write_text("{}")
    (folder / name).chmod(0o600)
    secret_files.make(folder)
    assert mode(folder / name) == 0o600


def test_made_again_it_keeps_every_password_and_certificate(folder: Path) -> None:
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    secret_files.make(folder)
    # The hash of a password is another each time, and as good.
    assert {name for name, made in before.items() if (folder / name).read_bytes() != made} == {"elasticsearch-users"}


def test_a_password_that_was_deleted_is_made_anew_wherever_it_stands(folder: Path) -> None:
    old = (folder / "mysql-platform").read_text()
    (folder / "mysql-platform").unlink()
    secret_files.make(folder)
    new = (folder / "mysql-platform").read_text()
    assert new != old
    for name in ("platform.env", "mysql-accounts.sql"):
        text = (folder / name).read_text()
        assert new in text
        assert old not in text


def test_a_file_that_is_mounted_is_written_in_place(folder: Path) -> None:
    before = (folder / "platform.env").stat().st_ino
    (folder / "mysql-platform").unlink()
    secret_files.make(folder)
    assert (folder / "platform.env").stat().st_ino == before


def test_no_two_passwords_are_the_same(folder: Path) -> None:
    contents = [file.read_bytes() for file in folder.iterdir()]
    words = [each for each in contents if re.fullmatch(rb"[A-Za-z0-9_-]{32}", each)]
    assert len(words) >= len(acls.principals()) + 10
    assert len(set(words)) == len(words)


@pytest.mark.parametrize("principal", acls.principals())
def test_each_principal_has_a_file_to_log_in_with(folder: Path, principal: str) -> None:
    password = (folder / f"kafka-{principal}").read_text()
    assert variables([folder / f"kafka-{principal}.env"]) == {
        "KAFKA_SASL_USERNAME": principal,
        "KAFKA_SASL_PASSWORD": password,
    }


@pytest.mark.parametrize("name", CERTIFIED)
def test_certificates_are_the_authoritys_and_name_the_host(folder: Path, name: str) -> None:
    authority = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
    certificate = x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes())
    certificate.verify_directly_issued_by(authority)
    assert isinstance(authority.public_key(), ec.EllipticCurvePublicKey)
    hosts = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert name in hosts.get_values_for_type(x509.DNSName)


def test_no_password_is_left_to_fill_in(folder: Path) -> None:
    accounts = (folder / "mysql-accounts.sql").read_text()
    assert accounts.count("CREATE USER") == 4
    assert accounts.count("IDENTIFIED BY '") == 8
    assert "${" not in accounts


def test_the_hashes_are_of_elasticsearchs_passwords_and_each_user_has_the_role_of_its_name(folder: Path) -> None:
    users = dict(line.split(":") for line in (folder / "elasticsearch-users").read_text().splitlines())
    roles = set(
        re.findall(r"^(\w+):$", (secret_files.COMPOSE / "elasticsearch" / "roles.yml").read_text(), re.MULTILINE)
    )
    assert set(users) == roles
    assert (folder / "elasticsearch-users_roles").read_text() == "".join(f"{user}:{user}\n" for user in users)
    for user, hashed in users.items():
        assert_hash_of((folder / f"elasticsearch-{user}").read_bytes(), hashed)


def assert_hash_of(password: bytes, hashed: str) -> None:
    iterations, salt, digest = re.fullmatch(r"\{PBKDF2\}(\d+)\$(.+)\$(.+)", hashed).groups()  # type: ignore[union-attr]
    derived = hashlib.pbkdf2_hmac("sha512", password, base64.b64decode(salt), int(iterations), dklen=32)
    assert base64.b64encode(derived).decode() == digest


def test_curl_logs_in_to_elasticsearch_by_both_of_its_names(folder: Path) -> None:
    password = (folder / "elasticsearch-platform").read_text()
    assert (folder / "elasticsearch.netrc").read_text() == "".join(
        f"machine {host} login platform password {password}\n" for host in ("localhost", "elasticsearch")
    )
