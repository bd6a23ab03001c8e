"""Where somebody may listen to all that goes over the wire, in both directions.

Nobody listens usually, and then it costs a comparison a batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from engine.trading_types import Route


class WireListener(Protocol):
    """Called on the threads of the traffic; must be as quick as a list's append."""

    def heard(self, route: Route, messages: Sequence[bytes | bytearray]) -> None: ...

    def said(self, route: Route, text: str) -> None: ...

    def called(
        self, name: str, params: Mapping[str, object], status: int, body: bytes, elapsed_ms: float
    ) -> None:
        """One request, before key, time and signature were added. Status 0: `body` says why
        no answer came.
        """


class WireTap:
    """One for a gateway. `listener` may be set and taken away by any thread."""

    def __init__(self) -> None:
        self.listener: WireListener | None = None
