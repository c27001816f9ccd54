"""Kafka's accounts: a password per principal, and the rules of native/security/acls.py brought about in the cluster.

python -m native.security.accounts --bootstrap-servers … --certificates … --passwords …
"""

import argparse
import secrets
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from functools import cache
from pathlib import Path
from typing import Any

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)

from native.security.acls import Grant, grants, principals

ITERATIONS = 4096
TIMEOUT_SECONDS = 30


def secret(folder: Path, name: str) -> str:
    """The secret of this name, made at its first use."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / name
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(24))
    return file.read_text().strip()


def passwords(folder: Path) -> dict[str, str]:
    """The password of each principal."""
    return {principal: secret(folder, f"kafka-{principal}") for principal in principals()}


@cache
def administrator(bootstrap_servers: str, certificates: Path) -> AdminClient:
    """A client that may do everything: it shows the certificate of the super user `admin`.

    One for as long as the process lives: librdkafka aborts when a client ends whose answers are still on their way.
    """
    return AdminClient(
        {
            "bootstrap.servers": bootstrap_servers,
            "security.protocol": "SSL",
            "ssl.ca.location": str(certificates / "ca.pem"),
            "ssl.certificate.location": str(certificates / "admin.pem"),
            "ssl.key.location": str(certificates / "admin.key"),
            "reconnect.backoff.max.ms": 1000,
            # Brokers that are still starting are no news.
            "log_level": 2,
        }
    )


def set_passwords(admin: AdminClient, passwords: Mapping[str, str]) -> None:
    """Make the accounts, or give those that exist these passwords."""
    how = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, ITERATIONS)
    changes: list[UserScramCredentialAlteration] = [
        UserScramCredentialUpsertion(user, how, word.encode()) for user, word in passwords.items()
    ]
    _all(admin.alter_user_scram_credentials(changes, request_timeout=TIMEOUT_SECONDS))


def set_rules(admin: AdminClient, wanted: Iterable[Grant]) -> None:
    """Make the cluster's rules exactly these."""
    rules = {binding(grant) for grant in wanted}
    found = set(admin.describe_acls(_any_rule(), request_timeout=TIMEOUT_SECONDS).result())
    if missing := rules - found:
        _all(admin.create_acls(list(missing), request_timeout=TIMEOUT_SECONDS))
    if stale := found - rules:
        _all(admin.delete_acls([_only(each) for each in stale], request_timeout=TIMEOUT_SECONDS))


def binding(grant: Grant) -> AclBinding:
    """A grant as Kafka's client takes it, which knows no name that is a member of an enum."""
    return AclBinding(
        ResourceType[grant.resource],
        str(grant.name),
        ResourcePatternType.PREFIXED if grant.prefixed else ResourcePatternType.LITERAL,
        f"User:{grant.principal}",
        "*",
        AclOperation[grant.operation],
        AclPermissionType.ALLOW,
    )


def _any_rule() -> AclBindingFilter:
    anything: Any = None  # the package's types leave out that None is any
    return AclBindingFilter(
        ResourceType.ANY, anything, ResourcePatternType.ANY, anything, anything, AclOperation.ANY, AclPermissionType.ANY
    )


def _only(rule: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        rule.restype,
        rule.name,
        rule.resource_pattern_type,
        rule.principal,
        rule.host,
        rule.operation,
        rule.permission_type,
    )


def _all(futures: Mapping[Any, "Future[Any]"]) -> None:
    for future in futures.values():
        future.result()


def main() -> None:
    parser = argparse.ArgumentParser(
        "python -m native.security.accounts", description="Make Kafka's accounts and rules."
    )
    parser.add_argument("--bootstrap-servers", required=True, help="the brokers' own listeners, which ask certificates")
    parser.add_argument("--certificates", type=Path, required=True, help="the folder with ca.pem and admin.key")
    parser.add_argument("--passwords", type=Path, required=True, help="the folder with a file kafka-… per principal")
    options = parser.parse_args()
    admin = administrator(options.bootstrap_servers, options.certificates)
    set_passwords(admin, passwords(options.passwords))
    set_rules(admin, grants())


if __name__ == "__main__":
    main()
