"""How the parts' own files name who may log in: ZooKeeper's login sections, Elasticsearch's users."""

import base64
import hashlib
import os

DIGEST = "org.apache.zookeeper.server.auth.DigestLoginModule"
ELASTICSEARCH_USERS = ("platform", "logs", "exporter", "grafana")
"""Each has the role of its name in compose/elasticsearch/roles.yml."""


def login(section: str, **options: str) -> str:
    """A section of a Java login configuration for ZooKeeper's digest."""
    return (
        f"{section} {{ {DIGEST} required " + " ".join(f'{key}="{value}"' for key, value in options.items()) + "; };\n"
    )


def pbkdf2(password: str, iterations: int = 10_000) -> str:
    """The hash of a password as Elasticsearch's file of users holds it."""
    salt = os.urandom(32)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations, dklen=32)
    return f"{{PBKDF2}}{iterations}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
