"""How workers end."""

import signal

import pytest

from native.driving.embedded import Platform, wait_until

WORKERS = ["run_recorder", "run_consumer", "run_aggregator", "run_notifier"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_every_worker_ends_cleanly(platform_processes: Platform, number: signal.Signals) -> None:
    workers = {command: platform_processes.start(command) for command in WORKERS}
    workers["run_relay"] = platform_processes.start("run_relay")
    workers["run_producer"] = platform_processes.start("run_producer", "--rate", "100")
    producing = platform_processes.log("run_producer")
    wait_until(lambda: "Sending 100 mock orders" in producing.read_text(), "the producer sends")
    wait_until(
        lambda: all("partitions assigned" in platform_processes.log(name).read_text() for name in WORKERS),
        "every worker has its partitions",
    )
    for process in workers.values():
        process.send_signal(number)
    codes = {name: process.wait(60) for name, process in workers.items()}
    assert codes == dict.fromkeys(workers, 0)
    assert "orders sent and acknowledged" in producing.read_text()
