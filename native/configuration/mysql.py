"""MySQL: its folders, options and certificate, its first start, and the SQL that root runs."""

import shutil
import subprocess
from pathlib import Path
from string import Template

from native.configuration.files import COMPOSE, copy_certificates, hand_over, write_secretly
from native.layout import HOST, Layout
from native.packages import debian
from native.security.accounts import secret


def configure(layout: Layout) -> None:
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
