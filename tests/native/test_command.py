"""`make manage` finds what runs here; nothing else makes a database file, or reads an empty one for the truth."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from native import inherited
from native.command import ACCOUNTS, NotClear, choose, files_of, running
from native.configuration.files import write_env, write_exports
from native.driving.embedded import ROOT, platform_environment
from native.occupancy import occupy
from native.place import Place
from native.security.acls import principals
from native.with_env import variables

AWKWARD = {"TOKEN": 'it\'s $HOME "quoted" # no comment', "EMPTY": "", "URL": "sqlite:///var/a b.sqlite3"}


def manage(database: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT, env=os.environ | platform_environment(database, "127.0.0.1:1"),
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "command", [["make_demo_accounts"], ["run_relay"], ["showmigrations"], ["clearsessions"]], ids=" ".join
)
def test_a_missing_database_is_a_sentence_and_stays_missing(tmp_path: Path, command: list[str]) -> None:
    done = manage(tmp_path / "none.sqlite3", *command)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "There is no database" in done.stderr.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [["check"], ["create_topics", "--help"]], ids=" ".join)
def test_what_needs_no_database_runs_without_one(tmp_path: Path, command: list[str]) -> None:
    assert manage(tmp_path / "none.sqlite3", *command).returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_migrate_makes_the_database_and_its_folder_for_nobody_else(tmp_path: Path) -> None:
    file = tmp_path / "new" / "platform.sqlite3"
    done = manage(file, "migrate", "streaming", "--verbosity", "0")
    assert done.returncode == 0, done.stderr
    assert file.stat().st_mode & 0o077 == 0


def test_a_shell_and_our_own_reader_read_exports_alike(tmp_path: Path) -> None:
    file = tmp_path / "demo.env"
    write_exports(file, AWKWARD)
    shown = "import os; print([os.environ[name] for name in ('TOKEN', 'EMPTY', 'URL')])"
    by_shell = subprocess.run(
        ["sh", "-c", f'. {file} && "{sys.executable}" -c "$0"', shown], capture_output=True, text=True, check=True
    )
    assert by_shell.stdout.strip() == str(list(AWKWARD.values()))
    assert variables([file]) == AWKWARD
    assert file.stat().st_mode & 0o077 == 0


def test_only_what_runs_is_found(tmp_path: Path) -> None:
    write_exports(tmp_path / "demo.env", {"API_URL": "x"})
    write_exports(tmp_path / "ended.env", {"API_URL": "x"})
    write_env(tmp_path / "second" / "secrets" / "platform.env", {"A": "1"})
    occupy(tmp_path / "ended", "x").close()
    assert running(tmp_path) == []
    with occupy(tmp_path / "demo", "x"), occupy(tmp_path / "second", "x"), occupy(tmp_path / "beginning", "x"):
        assert running(tmp_path) == ["demo", "second"]


def test_a_command_logs_in_to_the_cluster_as_whom_it_needs(tmp_path: Path) -> None:
    write_env(tmp_path / "cluster" / "secrets" / "platform.env", {"A": "1"})
    commands = ("reconcile", "lag", "migrate", "forget_audit_lines")
    names = [[file.name for file in files_of(tmp_path, "cluster", each)] for each in commands]
    assert names == [
        ["platform.env", "kafka-reconciler.env"],
        ["platform.env", "kafka-monitor.env"],
        *2 * [["platform.env", "kafka-monitor.env", "migrator.env"]],
    ]
    assert set(ACCOUNTS.values()) <= set(principals())


@pytest.mark.parametrize(
    ("names", "name", "sentence"),
    [
        ([], None, "Nothing runs here"),
        (["demo"], "cluster", "cluster does not run here; what does: demo"),
        (["cluster", "demo"], None, "cluster and demo. Say which"),
    ],
)
def test_what_is_not_clear_is_said(names: list[str], name: str | None, sentence: str) -> None:
    with pytest.raises(NotClear, match=sentence):
        choose(names, name)


def test_one_that_runs_need_not_be_named() -> None:
    assert choose(["second"], None) == "second"
    assert choose(["demo", "second"], "demo") == "demo"


def test_our_java_processes_inherit_no_options_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in inherited.TO_JVMS:
        monkeypatch.setenv(name, "-Xmx1G")
    monkeypatch.setenv("KAFKA_CLIENT_RACK", "left")
    told = Place(ROOT / "var" / "demo", 8000, 9092, 0).environment
    assert inherited.TO_JVMS.isdisjoint(told)
    assert told["KAFKA_CLIENT_RACK"] == "left"
