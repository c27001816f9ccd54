"""A name of a worker (--instance) is borne by one process at a time, and whoever comes second ends."""

import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from native.driving.embedded import Platform, running_broker, wait_until
from streaming import clients
from streaming.topics import Topic

SENTENCE = "another run_consumer bears the name --instance 0: give each its own"
WORKER = ("run_consumer", "--instance", "0")
ENDLESS_MS = "300000"


class Workers:
    """Processes of one name; each has a log of its own, and says there what it was given."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._logs: dict[subprocess.Popen[bytes], Path] = {}

    def start(self, **settings: str) -> subprocess.Popen[bytes]:
        platform = self._platform
        before = dict(platform.environment)
        platform.environment |= settings
        log = platform.log(WORKER[0])
        process = platform.start(*WORKER)
        platform.environment.clear()
        platform.environment.update(before)
        self._logs[process] = log.rename(log.with_name(f"{process.pid}.log"))
        return process

    def log(self, process: subprocess.Popen[bytes]) -> str:
        return self._logs[process].read_text()

    def started(self, **settings: str) -> subprocess.Popen[bytes]:
        """A worker that has its partitions."""
        process = self.start(**settings)
        wait_until(lambda: self.assignments(process), "it has its partitions", state=lambda: self.log(process))
        return process

    def assignments(self, process: subprocess.Popen[bytes]) -> int:
        return self.log(process).count("partitions assigned")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker for these tests alone, since they leave a member behind."""
    with running_broker(tmp_path_factory.mktemp("instances")) as address:
        yield address


@pytest.fixture
def workers(platform_processes: Platform) -> Workers:
    return Workers(platform_processes)


def test_a_second_worker_of_a_name_ends_with_a_sentence_and_the_first_goes_on(workers: Workers) -> None:
    first = workers.started()
    for _ in range(2):
        second = workers.start()
        assert second.wait(60) == 1
        assert SENTENCE in workers.log(second)
        assert "Traceback" not in workers.log(second)
    assert (first.poll(), workers.assignments(first)) == (None, 1)
    first.terminate()
    assert first.wait(60) == 0


def elsewhere(folder: Path) -> dict[str, str]:
    """Settings of a process that cannot see this machine's locks, as on another one."""
    folder.mkdir()
    return {"TMPDIR": str(folder)}


def test_a_worker_on_another_machine_keeps_its_name_too(workers: Workers, tmp_path: Path) -> None:
    first = workers.started()
    second = workers.start(**elsewhere(tmp_path / "elsewhere"))
    assert second.wait(60) == 1
    assert SENTENCE in workers.log(second)
    assert (first.poll(), workers.assignments(first)) == (None, 1)


def test_who_was_killed_on_another_machine_is_followed_when_its_session_is_over(
    workers: Workers, tmp_path: Path
) -> None:
    workers.started().kill()
    workers.started(**elsewhere(tmp_path / "elsewhere"))


def test_a_worker_whose_name_was_taken_all_the_same_ends_with_the_sentence(workers: Workers) -> None:
    first = workers.started()
    with closing(clients.consumer("fraud", instance="0")) as other:
        other.subscribe([Topic.TRANSACTIONS, Topic.TRANSACTIONS_CORRECTIONS])
        wait_until(lambda: other.poll(0.1) or first.poll() is not None, "the first one has ended")
    assert first.wait(60) == 1
    assert SENTENCE in workers.log(first)
    assert "Traceback" not in workers.log(first)


def test_whoever_follows_on_the_same_machine_waits_for_no_session(workers: Workers) -> None:
    # The last one here: its member would keep others waiting for as long.
    workers.started(KAFKA_SESSION_TIMEOUT_MS=ENDLESS_MS).kill()
    ended = workers.started(KAFKA_SESSION_TIMEOUT_MS=ENDLESS_MS)
    ended.terminate()
    assert ended.wait(60) == 0
    workers.started(KAFKA_SESSION_TIMEOUT_MS=ENDLESS_MS)
