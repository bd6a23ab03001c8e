"""Takes secrets out of text: those we know, and whatever stands where secrets stand."""

from __future__ import annotations

import re
from collections.abc import Iterable

STARS = "***"
_NAMES = r"listenKey|apiKey|api_key|X-MBX-APIKEY|signature|secret|secretKey|api_secret"
_FIELD = re.compile(rf'("(?:{_NAMES})"\s*:\s*")([^"]*)(")', re.IGNORECASE)
_QUERY = re.compile(rf"\b((?:{_NAMES})=)([^&\s\"'\\]+)", re.IGNORECASE)
_SHORTEST = 8  # shorter ones would star out ordinary words


class Scrubber:
    """A value met once where a secret stands is taken out everywhere from then on.

    One thread only.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._known: set[str] = set()
        for secret in secrets:
            self._learn(secret)

    def clean(self, text: str) -> str:
        text = _FIELD.sub(self._on_field, text)
        text = _QUERY.sub(self._on_query, text)
        for secret in self._known:
            text = text.replace(secret, STARS)
        return text

    def _on_field(self, match: re.Match[str]) -> str:
        self._learn(match[2])
        return f"{match[1]}{STARS}{match[3]}"

    def _on_query(self, match: re.Match[str]) -> str:
        self._learn(match[2])
        return f"{match[1]}{STARS}"

    def _learn(self, secret: str) -> None:
        """A key of several lines (PEM) is known by each of them."""
        self._known.update(
            line for line in secret.splitlines() if len(line) >= _SHORTEST and line != STARS
        )
