"""What a part is told beside its file in compose/: folders, ports, neighbours and secrets of this machine's cluster."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from string import Template

from compose.native import debian
from compose.native.accounts import passwords, secret
from compose.native.layout import HOST, NODES, ROOT, Layout

COMPOSE = ROOT / "compose"
DIGEST = "org.apache.zookeeper.server.auth.DigestLoginModule"


def write_secretly(file: Path, text: str) -> None:
    """Write a file that only its owner may read."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(text)


def write_env(file: Path, variables: Mapping[str, str]) -> None:
    write_secretly(file, "".join(f"{name}={value}\n" for name, value in variables.items()))


def hand_over(folder: Path, user: str) -> None:
    """Give a folder and all in it to the user whose process works there."""
    if os.geteuid() == 0:
        for each in (folder, *folder.rglob("*")):
            shutil.chown(each, user)


def configure_zookeeper(layout: Layout) -> None:
    """The three nodes' properties, ids and logins, and the login of the brokers."""
    nodes, brokers = secret(layout.secrets, "zookeeper-nodes"), secret(layout.secrets, "zookeeper-brokers")
    ports = layout.ports
    servers = "".join(
        f"server.{node}={HOST}:{ports[f'zookeeper quorum {node}']}:{ports[f'zookeeper election {node}']}\n"
        for node in NODES
    )
    for node in NODES:
        home = layout.var / f"zookeeper-{node}"
        (home / "data").mkdir(parents=True, exist_ok=True)
        (home / "data" / "myid").write_text(f"{node}\n")
        (home / "zookeeper.properties").write_text(
            (COMPOSE / "zookeeper" / "zookeeper.properties").read_text()
            + f"dataDir={home / 'data'}\n"
            + f"clientPort={ports[f'zookeeper {node}']}\n"
            + f"clientPortAddress={HOST}\n"
            + servers
        )
        write_secretly(
            home / "jaas.conf",
            login("Server", user_broker=brokers)
            + login("QuorumServer", user_node=nodes)
            + login("QuorumLearner", username="node", password=nodes),
        )
    write_secretly(layout.var / "kafka" / "jaas.conf", login("Client", username="broker", password=brokers))


def login(section: str, **options: str) -> str:
    """A section of a Java login configuration for ZooKeeper's digest."""
    return (
        f"{section} {{ {DIGEST} required " + " ".join(f'{key}="{value}"' for key, value in options.items()) + "; };\n"
    )


def configure_registry(layout: Layout) -> None:
    (layout.var / "registry").mkdir(parents=True, exist_ok=True)


def configure_kafka_accounts(layout: Layout) -> None:
    """A file for each principal with what its process needs to log in."""
    for principal, password in passwords(layout.secrets).items():
        write_env(
            layout.secrets / f"kafka-{principal}.env",
            {"KAFKA_SASL_USERNAME": principal, "KAFKA_SASL_PASSWORD": password},
        )


def configure_connect(layout: Layout) -> None:
    write_env(
        layout.secrets / "connect.env",
        {
            "CONNECT_PASSWORD": secret(layout.secrets, "kafka-connect"),
            "MYSQL_HOST": HOST,
            "MYSQL_PORT": str(layout.ports["mysql"]),
            "MYSQL_DEBEZIUM_PASSWORD": secret(layout.secrets, "mysql-debezium"),
        },
    )


def configure_mysql(layout: Layout) -> None:
    """Its folders, options, certificate, and its first start, in which root gets a password before anybody can come."""
    home = layout.var / "mysql"
    home.mkdir(parents=True, exist_ok=True)
    share = layout.mysql / "usr" / "share" / "mysql"
    options = {
        "port": layout.ports["mysql"],
        "bind_address": HOST,
        "datadir": home / "data",
        "socket": home / "mysql.sock",
        "pid_file": home / "mysql.pid",
        "basedir": layout.mysql / "usr",
        "plugin_dir": layout.mysql / "usr" / "lib" / "mysql" / "plugin",
        "lc_messages_dir": share,
        "character_sets_dir": share / "charsets",
        "ssl_ca": home / "ca.pem",
        "ssl_cert": home / "mysql.pem",
        "ssl_key": home / "mysql.key",
        "user": layout.unprivileged,
    }
    (home / "my.cnf").write_text(
        (COMPOSE / "mysql" / "my.cnf").read_text() + "".join(f"{name} = {value}\n" for name, value in options.items())
    )
    copy_certificates(layout, "mysql", home)
    root = secret(layout.secrets, "mysql-root")
    write_secretly(
        layout.secrets / "mysql-root.cnf", f"[client]\nuser=root\npassword={root}\nsocket={home / 'mysql.sock'}\n"
    )
    if not (home / "data" / "mysql.ibd").exists():
        shutil.rmtree(home / "data", ignore_errors=True)
        write_secretly(home / "first.sql", f"ALTER USER 'root'@'localhost' IDENTIFIED BY '{root}';\n")
        hand_over(home, layout.unprivileged)
        mysqld = debian.command_of(layout.mysql, "usr/sbin/mysqld")
        arguments = [f"--defaults-file={home / 'my.cnf'}", "--initialize", f"--init-file={home / 'first.sql'}"]
        with (home / "initialize.log").open("w") as log:
            subprocess.run([*mysqld, *arguments], check=True, stdout=log, stderr=subprocess.STDOUT)
        (home / "first.sql").unlink()
    hand_over(home, layout.unprivileged)


def run_sql(layout: Layout, file: Path) -> None:
    """Run a file of compose/mysql as root, its passwords filled in."""
    words = {
        f"MYSQL_{user.upper()}_PASSWORD": secret(layout.secrets, f"mysql-{user}")
        for user in ("platform", "migrator", "debezium")
    }
    mysql = debian.command_of(layout.mysql, "usr/bin/mysql")
    subprocess.run(
        [*mysql, f"--defaults-extra-file={layout.secrets / 'mysql-root.cnf'}"],
        input=Template(file.read_text()).substitute(words), text=True, check=True,
    )  # fmt: skip


def configure_elasticsearch(layout: Layout) -> None:
    """Its folder of configuration: the distribution's, ours over it, certificate and user."""
    home = layout.var / "elasticsearch"
    config = home / "config"
    for folder in ("data", "log", "tmp"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    shutil.copytree(layout.libraries / "elasticsearch" / "config", config, dirs_exist_ok=True)
    for name in ("elasticsearch.yml", "roles.yml"):
        shutil.copy(COMPOSE / "elasticsearch" / name, config)
    shutil.copy(COMPOSE / "elasticsearch" / "platform.options", config / "jvm.options.d")
    copy_certificates(layout, "elasticsearch", config)
    password = secret(layout.secrets, "elasticsearch-platform")
    write_secretly(config / "users", f"platform:{pbkdf2(password)}\n")
    write_secretly(config / "users_roles", "platform:platform\n")
    hand_over(home, layout.unprivileged)


def pbkdf2(password: str, iterations: int = 10_000) -> str:
    """The hash of a password as Elasticsearch's file of users holds it."""
    salt = os.urandom(32)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations, dklen=32)
    return f"{{PBKDF2}}{iterations}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def copy_certificates(layout: Layout, name: str, folder: Path) -> None:
    """A part's own copies of its key and certificate, since its user may not look into the cluster's folder."""
    for file in ("ca.pem", f"{name}.pem", f"{name}.key"):
        shutil.copy(layout.certificates / file, folder)


def configure_redis(layout: Layout) -> None:
    home = layout.var / "redis"
    write_secretly(
        home / "redis.conf",
        f"include {COMPOSE / 'redis' / 'redis.conf'}\n"
        f"bind {HOST}\nport {layout.ports['redis']}\ndir {home}\n"
        f"requirepass {secret(layout.secrets, 'redis')}\n",
    )


def configure_prometheus(layout: Layout) -> None:
    """Links to its rules and a list of whom it asks."""
    home = layout.var / "prometheus"
    (home / "targets").mkdir(parents=True, exist_ok=True)
    for file in (COMPOSE / "prometheus").iterdir():
        (home / file.name).unlink(missing_ok=True)
        (home / file.name).symlink_to(file)
    jobs = {"prometheus": layout.ports["prometheus"], "api": layout.ports["api"]}
    targets = [{"targets": [f"{HOST}:{port}"], "labels": {"job": job}} for job, port in jobs.items()]
    (home / "targets" / "cluster.json").write_text(json.dumps(targets, indent=1))


def configure_platform(layout: Layout) -> None:
    """What all our processes are told beside compose/cluster.env, and what `migrate` is told instead."""
    ca = layout.certificates / "ca.pem"
    # Only what no URL can carry stands in the file; MySQL's client reads it.
    write_secretly(layout.secrets / "mysql-client.cnf", f"[client]\nssl-ca={ca}\nssl-verify-server-cert\n")
    write_env(
        layout.secrets / "platform.env",
        {
            "PLATFORM_ENV": "compose/cluster.env",
            "SECRET_KEY": secret(layout.secrets, "django"),
            "DATABASE_URL": database_url(layout, "platform"),
            "CELERY_BROKER_URL": f"redis://:{secret(layout.secrets, 'redis')}@{HOST}:{layout.ports['redis']}/0",
            "KAFKA_BOOTSTRAP_SERVERS": layout.bootstrap_servers,
            "KAFKA_SSL_CA_LOCATION": str(ca),
            "CA_FILE": str(ca),
            "SEARCH": f"elasticsearch:https://platform@{HOST}:{layout.ports['elasticsearch']}/transactions",
            "SEARCH_PASSWORD_FILE": str(layout.secrets / "elasticsearch-platform"),
            "CONNECT_URL": layout.address("connect"),
            "SCHEMA_IDS": f"registry:{layout.address('registry')}/apis/ccompat/v7",
            "EMAIL_URL": f"filemail:///{layout.var.relative_to(ROOT)}/mail",
        },
    )
    write_env(layout.secrets / "migrator.env", {"DATABASE_URL": database_url(layout, "migrator")})


def database_url(layout: Layout, user: str) -> str:
    password = secret(layout.secrets, f"mysql-{user}")
    options = f"read_default_file={layout.secrets / 'mysql-client.cnf'}"
    return f"mysql://{user}:{password}@{HOST}:{layout.ports['mysql']}/shop?{options}"


def configure_all(layout: Layout) -> None:
    """Write down for every part what it is told."""
    for configure in (
        configure_zookeeper,
        configure_kafka_accounts,
        configure_registry,
        configure_connect,
        configure_mysql,
        configure_elasticsearch,
        configure_redis,
        configure_prometheus,
        configure_platform,
    ):
        configure(layout)
