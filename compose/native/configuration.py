"""What a part is told beside its file in compose/: folders, ports, neighbours and secrets of this machine's cluster."""

import base64
import hashlib
import json
import os
import shutil
import ssl
import subprocess
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any
from urllib.request import Request, urlopen

from compose.native import debian
from compose.native.accounts import passwords, secret
from compose.native.layout import EXPORTERS, HOST, NODES, ROOT, WORKERS, Layout
from compose.native.with_env import variables

COMPOSE = ROOT / "compose"
CERTIFIED = [*(f"kafka-{node}" for node in NODES), "admin", "mysql", "elasticsearch"]
ELASTICSEARCH_USERS = ("platform", "logs", "exporter", "grafana")
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
        for user in ("platform", "migrator", "debezium", "exporter")
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
    # Each user has the role of its name in roles.yml.
    passwords = {user: secret(layout.secrets, f"elasticsearch-{user}") for user in ELASTICSEARCH_USERS}
    write_secretly(config / "users", "".join(f"{user}:{pbkdf2(each)}\n" for user, each in passwords.items()))
    write_secretly(config / "users_roles", "".join(f"{user}:{user}\n" for user in passwords))
    hand_over(home, layout.unprivileged)


def put_template(layout: Layout, name: str) -> None:
    """Tell a running Elasticsearch how indices are made whose template stands in compose/elasticsearch."""
    put = Request(
        f"{layout.address('elasticsearch', 'https')}/_index_template/{name}",
        (COMPOSE / "elasticsearch" / f"{name}.json").read_bytes(),
        {
            "Content-Type": "application/json",
            "Authorization": basic("platform", secret(layout.secrets, "elasticsearch-platform")),
        },
        method="PUT",
    )
    context = ssl.create_default_context(cafile=str(layout.certificates / "ca.pem"))
    with urlopen(put, timeout=30, context=context):
        pass


def basic(user: str, password: str) -> str:
    """The header by which one logs in over HTTP."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


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
    """Links to its rules, a list of whom it asks, and where it tells its alerts."""
    home = layout.var / "prometheus"
    for name in ("prometheus.yml", "rules"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).unlink(missing_ok=True)
        (home / name).symlink_to(COMPOSE / "prometheus" / name)
    alertmanagers = [{"targets": [f"{HOST}:{layout.ports['alertmanager']}"]}]
    for name, told in {"targets": targets(layout), "alertmanagers": alertmanagers}.items():
        (home / name).mkdir(exist_ok=True)
        (home / name / "cluster.json").write_text(json.dumps(told, indent=1))


def targets(layout: Layout) -> list[dict[str, Any]]:
    """Whom Prometheus asks: job, readable name, port, and how often where that costs something."""
    ports, idle = layout.ports, idle_workers()
    slow = [
        *(("kafka", f"kafka-{node}", f"kafka metrics {node}") for node in NODES),
        *(("zookeeper", f"zookeeper-{node}", f"zookeeper metrics {node}") for node in NODES),
        ("connect", "connect", "connect metrics"),
        *((name, name, f"{name} metrics") for name in EXPORTERS),
    ]
    quick = [
        *((name, name, name) for name in ("prometheus", "alertmanager", "api")),
        ("monitor", "monitor", "monitor metrics"),
        *(("workers", name, f"{name} metrics") for name in WORKERS if name not in idle),
    ]
    return [
        {"targets": [f"{HOST}:{ports[port]}"], "labels": {"job": job, "instance": instance} | interval}
        for interval, group in (({"__scrape_interval__": "10s"}, slow), ({}, quick))
        for job, instance, port in group
    ]


def idle_workers() -> set[str]:
    """The workers whose work something else does, as compose/cluster.env has it."""
    settings = variables([COMPOSE / "cluster.env"])
    in_use = {
        "relay": settings["OUTBOX_CARRIED_BY"] == "run_relay",
        "indexer": settings["INDEXED_BY"] == "run_indexer",
    }
    return {worker for worker, is_used in in_use.items() if not is_used}


def configure_alertmanager(layout: Layout) -> None:
    """Its file, which names the API by its service in Docker, and beside it the token that it shows there."""
    home = layout.var / "alertmanager"
    home.mkdir(parents=True, exist_ok=True)
    told = (COMPOSE / "alertmanager" / "alertmanager.yml").read_text()
    (home / "alertmanager.yml").write_text(told.replace("http://api:8000", layout.address("api")))
    write_secretly(home / "token", secret(layout.secrets, "alertmanager"))


def configure_exporters(layout: Layout) -> None:
    """Whom they ask, and how each logs in there: with an account of its own that may ask for figures only."""
    home = layout.var / "exporters"
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy(layout.certificates / "ca.pem", home)
    write_secretly(
        home / "mysql.cnf",
        f"[client]\nhost={HOST}\nport={layout.ports['mysql']}\nssl-ca={home / 'ca.pem'}\n"
        f"user=exporter\npassword={secret(layout.secrets, 'mysql-exporter')}\n",
    )
    password = secret(layout.secrets, "elasticsearch-exporter")
    write_env(home / "elasticsearch.env", {"ES_USERNAME": "exporter", "ES_PASSWORD": password})
    write_env(home / "redis.env", {"REDIS_PASSWORD": secret(layout.secrets, "redis")})
    hand_over(home, layout.unprivileged)


def configure_logins(layout: Layout) -> None:
    """The files in which brokers tell of logins, and what compose/kafka/rsyslog.conf takes from the environment."""
    logs, home = layout.var / "log", layout.var / "rsyslog"
    for folder in (logs, home):
        folder.mkdir(parents=True, exist_ok=True)
    for node in NODES:
        # Of a file that it first sees with lines in it, mtail counts only those that follow.
        (logs / f"authentication-{node}.log").touch()
    shutil.copy(layout.certificates / "ca.pem", home)
    write_env(
        home / "rsyslog.env",
        {
            "LOGS": str(logs),
            "RSYSLOG_HOME": str(home),
            "ELASTICSEARCH_HOST": HOST,
            "ELASTICSEARCH_PORT": str(layout.ports["elasticsearch"]),
            "ELASTICSEARCH_PASSWORD": secret(layout.secrets, "elasticsearch-logs"),
            "CA_FILE": str(home / "ca.pem"),
        },
    )
    hand_over(home, layout.unprivileged)


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
            "ALERTMANAGER_TOKEN_FILE": str(layout.secrets / "alertmanager"),
            "CERTIFICATES_WATCHED": ",".join(str(layout.certificates / f"{name}.pem") for name in ("ca", *CERTIFIED)),
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
        configure_alertmanager,
        configure_exporters,
        configure_logins,
        configure_platform,
    ):
        configure(layout)
