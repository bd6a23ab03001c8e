"""How long each stream said nothing. Pure; times are monotonic seconds."""

from __future__ import annotations

from collections.abc import Iterable


class SilenceMeter:
    def __init__(self, names: Iterable[str], now_s: float) -> None:
        self._began_s = now_s
        self._last_s: dict[str, float | None] = dict.fromkeys(names)
        self._longest_s = dict.fromkeys(self._last_s, 0.0)

    def heard(self, name: str, now_s: float) -> None:
        before_s = self._last_s[name]
        silence_s = now_s - (self._began_s if before_s is None else before_s)
        self._longest_s[name] = max(self._longest_s[name], silence_s)
        self._last_s[name] = now_s

    def longest_s(self, name: str, now_s: float) -> float:
        """The longest silence until now, the present one included."""
        last_s = self._last_s[name]
        present_s = now_s - (self._began_s if last_s is None else last_s)
        return max(self._longest_s[name], present_s)

    def unheard_since(self, moment_s: float) -> list[str]:
        """Who has said nothing since then."""
        return [name for name, at_s in self._last_s.items() if at_s is None or at_s <= moment_s]
