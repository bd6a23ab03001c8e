"""What a kill is about, and how that is said. Pure."""

from __future__ import annotations

import msgspec

from engine.oms.kill_plan import Standing, left_over


class KillScope(msgspec.Struct, frozen=True):
    """Everything, or some symbols."""

    is_all: bool = False
    symbols: frozenset[str] = frozenset()

    def covers(self, symbol: str) -> bool:
        return self.is_all or symbol in self.symbols

    def with_(self, symbol: str | None) -> KillScope:
        if symbol is None or self.is_all:
            return KillScope(is_all=True)
        return KillScope(symbols=self.symbols | {symbol})

    @property
    def only(self) -> str | None:
        """The one symbol to ask for; None: ask for all."""
        return next(iter(self.symbols)) if len(self.symbols) == 1 else None

    @property
    def words(self) -> str:
        return "everything" if self.is_all else ", ".join(sorted(self.symbols))


def flat_words(scope: KillScope) -> str:
    where = "" if scope.is_all else f" of {scope.words}"
    return f"Flat: no order and no position{where} is left at the exchange."


def progress_words(scope: KillScope, standing: Standing, problem: str) -> str:
    left = ", ".join(left_over(standing)) or "nothing that was seen"
    trouble = f" Last trouble: {problem}" if problem else ""
    return f"Ending {scope.words}. Left: {left}.{trouble}"
