"""What it costs to be asked."""

from typing import Any

import psutil
import pytest

from report import cost


def test_a_process_that_ends_meanwhile_is_measured_once_it_runs_again(monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = psutil.Process(), psutil.Process(1)
    serving = iter([{80: before}, {80: before}, {}, {80: after}, {80: after}])

    def measured(_: Any, process: psutil.Process) -> dict[str, float]:
        if process == before:
            raise psutil.NoSuchProcess(process.pid)
        return {"ms": 1.0}

    monkeypatch.setattr(cost, "listeners", lambda: next(serving))
    monkeypatch.setattr(cost, "cost", measured)
    assert cost.cost_whoever_serves({}, 80) == {"ms": 1.0}


def test_a_process_that_ends_again_and_again_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: Any) -> dict[str, float]:
        raise ConnectionRefusedError

    monkeypatch.setattr(cost, "listeners", lambda: {80: psutil.Process()})
    monkeypatch.setattr(cost, "cost", refuses)
    with pytest.raises(ConnectionRefusedError):
        cost.cost_whoever_serves({}, 80)
