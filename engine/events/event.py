"""What every event is: frozen, and either kept in order or replaced by a newer one."""

from __future__ import annotations

from collections.abc import Hashable

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True):
    def latest_key(self) -> Hashable | None:
        return None
