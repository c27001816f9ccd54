"""The files of compose/secrets, which containers find under /run/secrets: certificates, passwords, and what these make.

python -m compose.docker.secret_files       make what is missing, renew what is about to expire, write the rest anew

`docker compose run --rm secrets` runs it in a container, on the folder of the host; whoever owns that owns the files.
Docker mounts these files with the owner and mode that they have, and each image runs as another user. So anybody may
read a file, but only the owner may look into the folder; the key that signs certificates is the owner's altogether.
"""

import os
from pathlib import Path
from string import Template

from native.security.accounts import passwords, secret
from native.security.certificates import CERTIFIED, make_certificates
from native.security.logins import ELASTICSEARCH_USERS, login, pbkdf2

COMPOSE = Path(__file__).resolve().parent.parent
FOLDER = COMPOSE / "secrets"
OWNERS_ONLY = {"ca.key", "accounts.json", "accounts.json.part", ".gitignore"}
CLIENT_CNF = "/app/compose/mysql/docker-client.cnf"


def make(folder: Path) -> None:
    """Bring a folder's secrets up to date; those that are there stay."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    make_certificates(folder, CERTIFIED)
    for name, text in composed(folder).items():
        # Written in place: a container that has the file mounted sees the new text.
        (folder / name).write_text(text)
    for file in folder.iterdir():
        if file.name not in OWNERS_ONLY:
            file.chmod(0o644)


def become_owner(folder: Path) -> None:
    """Root of a container goes on as the user to whom the host's folder belongs."""
    owner = folder.stat()
    if os.geteuid() == 0 and owner.st_uid:
        os.setgroups([])
        os.setgid(owner.st_gid)
        os.setuid(owner.st_uid)


def composed(folder: Path) -> dict[str, str]:
    """What is made of the passwords, by the name of its file."""
    secret(folder, "django")
    secret(folder, "grafana-admin")
    secret(folder, "alertmanager")
    return _zookeeper(folder) | _kafka(folder) | _mysql(folder) | _elasticsearch(folder) | _platform(folder)


def _zookeeper(folder: Path) -> dict[str, str]:
    nodes, brokers = secret(folder, "zookeeper-nodes"), secret(folder, "zookeeper-brokers")
    return {
        "zookeeper.jaas": login("Server", user_broker=brokers)
        + login("QuorumServer", user_node=nodes)
        + login("QuorumLearner", username="node", password=nodes),
        "kafka.jaas": login("Client", username="broker", password=brokers),
    }


def _kafka(folder: Path) -> dict[str, str]:
    words = passwords(folder)
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule"
    accounts = {
        f"kafka-{principal}.env": f"KAFKA_SASL_USERNAME={principal}\nKAFKA_SASL_PASSWORD={password}\n"
        for principal, password in words.items()
    }
    return accounts | {
        "registry.jaas": f'KafkaClient {{ {scram} required username="registry" password="{words["registry"]}"; }};\n',
        "connect.env": f"CONNECT_PASSWORD={words['connect']}\n"
        f"MYSQL_DEBEZIUM_PASSWORD={secret(folder, 'mysql-debezium')}\n"
        f"ELASTICSEARCH_PASSWORD={secret(folder, 'elasticsearch-platform')}\n",
    }


def _mysql(folder: Path) -> dict[str, str]:
    words = {
        f"MYSQL_{user.upper()}_PASSWORD": secret(folder, f"mysql-{user}")
        for user in ("platform", "migrator", "debezium", "exporter")
    }
    return {
        "mysql-root.cnf": f"[client]\nuser=root\npassword={secret(folder, 'mysql-root')}\n"
        "socket=/var/run/mysqld/mysqld.sock\n",
        "mysql-exporter.cnf": "[client]\nhost=mysql\nport=3306\nssl-ca=/run/secrets/ca.pem\n"
        f"user=exporter\npassword={secret(folder, 'mysql-exporter')}\n",
        "mysql-accounts.sql": Template((COMPOSE / "mysql" / "accounts.sql").read_text()).substitute(words),
    }


def _elasticsearch(folder: Path) -> dict[str, str]:
    words = {user: secret(folder, f"elasticsearch-{user}") for user in ELASTICSEARCH_USERS}
    return {
        "elasticsearch-users": "".join(f"{user}:{pbkdf2(password)}\n" for user, password in words.items()),
        "elasticsearch-users_roles": "".join(f"{user}:{user}\n" for user in words),
        "elasticsearch.netrc": "".join(
            f"machine {host} login platform password {words['platform']}\n" for host in ("localhost", "elasticsearch")
        ),
    }


def _platform(folder: Path) -> dict[str, str]:
    redis = secret(folder, "redis")
    return {
        "redis.conf": f"requirepass {redis}\n",
        "platform.env": f"DATABASE_URL={_database_url(folder, 'platform')}\n"
        f"CELERY_BROKER_URL=redis://:{redis}@redis:6379/0\n"
        f"RATES_COUNTED_IN=redis://:{redis}@redis:6379/1\n",
        "migrator.env": f"DATABASE_URL={_database_url(folder, 'migrator')}\n",
    }


def _database_url(folder: Path, user: str) -> str:
    return f"mysql://{user}:{secret(folder, f'mysql-{user}')}@mysql:3306/shop?read_default_file={CLIENT_CNF}"


if __name__ == "__main__":
    become_owner(FOLDER)
    make(FOLDER)
