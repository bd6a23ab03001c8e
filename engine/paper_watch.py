"""Looks whether the paper exchange that we started still lives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.engine_standing import EngineStanding
from engine.errors import PaperExchangeError
from engine.trading_types import EngineState

if TYPE_CHECKING:
    from engine.paper.paper_keeper import PaperKeeper


class PaperWatch:
    """One that died is told once, and once it is back it may die again. One thread only."""

    def __init__(self, standing: EngineStanding) -> None:
        self._standing = standing
        self._is_lost = False

    def look(self, paper: PaperKeeper | None) -> None:
        if paper is None:
            return
        if paper.is_running and not paper.is_away:
            if self._is_lost:
                self._is_lost = False
                self._standing.mend()
        elif not self._is_lost:
            self._is_lost = True
            self._tell(paper)

    def _tell(self, paper: PaperKeeper) -> None:
        if paper.is_away:
            self._standing.tell(EngineState.DEGRADED, "The paper exchange was ended on purpose.")
            return
        sentence = "The paper exchange has stopped. Start it again in the paper panel."
        self._standing.tell(EngineState.DEGRADED, sentence)
        self._standing.alert("PAPER_EXCHANGE_LOST", sentence)
        self._standing.fail(PaperExchangeError(sentence))
