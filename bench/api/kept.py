"""Turns that were taken, kept in a file, so that a run that was ended goes on where it was."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench.api.measured import Turn


class KeptTurns:
    """In the order in which they were taken; those of another run are forgotten.

    run: what tells runs apart: the commit, and how they measure.
    """

    def __init__(self, file: Path, run: Mapping[str, Any]) -> None:
        self._file = file
        self._run = dict(run)
        told = json.loads(file.read_text()) if file.exists() else {}
        known = told.get("turns", []) if told.get("run") == self._run else []
        self._known = [Turn.from_json(each) for each in known]
        self._turns: list[Turn] = []

    def next(self, server: str, take: Callable[[], Turn]) -> Turn:
        """The server's next turn: as it was kept, or taken now."""
        place = len(self._turns)
        is_known = place < len(self._known) and self._known[place].server == server
        turn = self._known[place] if is_known else take()
        self._turns.append(turn)
        if not is_known:
            self._known = self._turns[:]
            turns = [each.as_json() for each in self._turns]
            self._file.write_text(json.dumps({"run": self._run, "turns": turns}))
        return turn

    def forget(self) -> None:
        """The run is over, or cannot be told from others."""
        self._known = []
        self._file.unlink(missing_ok=True)
