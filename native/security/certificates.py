"""The cluster's own certificate authority, and a certificate for each part that shows one.

Each name gets NAME.pem (its certificate), NAME.key and NAME.keystore.pem (both and the authority, as Java reads them).
The authority's certificate is in ca.pem, and in ca.p12 for what trusts no PEM: Debezium, of MySQL.
"""

import ipaddress
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CERTIFIED = (*(f"kafka-{node}" for node in (1, 2, 3)), "admin", "mysql", "elasticsearch")
"""Whom the cluster's own authority gives a certificate: servers by their hosts' names in Docker, and the super user."""
AUTHORITY = "ca"
TRUSTSTORE_PASSWORD = b"changeit"
"""Java's own default. It protects nothing: there is no key in the store, and Java asks for one all the same."""
AUTHORITY_LASTS = timedelta(days=3650)
LASTS = timedelta(days=397)
RENEWED_BEFORE_END = timedelta(days=30)


def make_certificates(folder: Path, names: Iterable[str]) -> list[str]:
    """Issue what is missing or about to expire, and return the names of those; others stay as they are.

    Every certificate is good for loopback and for its own name, which is the host's name where parts run in images.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    issued = []
    if not _lasts(folder / f"{AUTHORITY}.pem"):
        _make_authority(folder)
        issued.append(AUTHORITY)
    if AUTHORITY in issued or not (folder / f"{AUTHORITY}.p12").exists():
        _write_truststore(folder)
    for name in names:
        if AUTHORITY in issued or not _lasts(folder / f"{name}.pem"):
            _issue(folder, name)
            issued.append(name)
    return issued


def _lasts(certificate: Path) -> bool:
    if not certificate.exists():
        return False
    end = x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
    return end - datetime.now(UTC) > RENEWED_BEFORE_END


def _make_authority(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _named("Data Platform's authority")
    certificate = (
        _unsigned(name, name, key.public_key(), AUTHORITY_LASTS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write(folder / f"{AUTHORITY}.key", _pem_of_key(key))
    _write(folder / f"{AUTHORITY}.pem", _pem(certificate), mode=0o644)


def _write_truststore(folder: Path) -> None:
    authority = x509.load_pem_x509_certificate((folder / f"{AUTHORITY}.pem").read_bytes())
    trusted = [pkcs12.PKCS12Certificate(authority, AUTHORITY.encode())]
    protection = serialization.BestAvailableEncryption(TRUSTSTORE_PASSWORD)
    _write(folder / f"{AUTHORITY}.p12", pkcs12.serialize_java_truststore(trusted, protection), mode=0o644)


def _issue(folder: Path, name: str) -> None:
    authority = x509.load_pem_x509_certificate((folder / f"{AUTHORITY}.pem").read_bytes())
    signing_key = serialization.load_pem_private_key((folder / f"{AUTHORITY}.key").read_bytes(), password=None)
    assert isinstance(signing_key, ec.EllipticCurvePrivateKey)  # noqa: S101 - _make_authority made it so
    key = ec.generate_private_key(ec.SECP256R1())
    hosts = [x509.DNSName(name), x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        _unsigned(_named(name), authority.subject, key.public_key(), LASTS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False)
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        .sign(signing_key, hashes.SHA256())
    )
    _write(folder / f"{name}.key", _pem_of_key(key))
    _write(folder / f"{name}.keystore.pem", _pem_of_key(key) + _pem(certificate) + _pem(authority))
    _write(folder / f"{name}.pem", _pem(certificate), mode=0o644)


def _unsigned(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, lasts: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        # Clocks that are a little behind take it too.
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + lasts)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _named(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _pem_of_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(file: Path, content: bytes, mode: int = 0o600) -> None:
    file.unlink(missing_ok=True)
    file.touch(mode=mode)
    file.write_bytes(content)
