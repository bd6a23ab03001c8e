"""Our own program once more, as a child: from source by its module, packaged by a hidden flag."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from engine.utils.paths import is_frozen, program_dir


class ChildProgram(NamedTuple):
    """A package has no interpreter that could run a module: its entry looks for the flag."""

    flag: str
    module: str

    def command(self) -> list[str]:
        if is_frozen():
            return [sys.executable, self.flag]
        return [sys.executable, "-m", self.module]

    @staticmethod
    def folder() -> Path | None:
        """Where it runs: `-m` finds our packages from there; a package finds its own."""
        return None if is_frozen() else program_dir()

    def is_asked_for(self, words: Sequence[str]) -> bool:
        return words[:1] == [self.flag]


PAPER_SERVER = ChildProgram("--paper-server", "engine.paper.paper_server")
DRILL_VICTIM = ChildProgram("--drill-victim", "engine.drill.drill_victim")
