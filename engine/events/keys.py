"""What came of a question about API keys. No event holds a key or a secret."""

from __future__ import annotations

from enum import Enum, unique

import msgspec

from engine.events.event import Event


@unique
class Finding(Enum):
    GOOD = "good"
    WARNING = "warning"  # the keys can be used; a person should know this
    BAD = "bad"  # they cannot


@unique
class KeyPlace(Enum):
    NOWHERE = "nowhere"
    KEY_STORE = "key store"
    SESSION = "session"  # in memory, until the program ends
    VARIABLES = "variables"  # PERPDESK_API_KEY and PERPDESK_API_SECRET


class KeyFinding(msgspec.Struct, frozen=True, kw_only=True):
    finding: Finding
    sentence: str


class KeysChecked(Event, frozen=True, kw_only=True):
    """`is_usable`: KeepKeys would keep them."""

    request_id: str
    environment: str
    findings: tuple[KeyFinding, ...]

    @property
    def is_usable(self) -> bool:
        return all(one.finding is not Finding.BAD for one in self.findings)


class KeysListed(Event, frozen=True, kw_only=True):
    """By environment; `has_store` is False where the system offers no safe place.

    `sentence` says what was just done, empty after a mere question.
    """

    request_id: str
    places: dict[str, KeyPlace]
    has_store: bool
    sentence: str = ""
