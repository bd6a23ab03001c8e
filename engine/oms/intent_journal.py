"""What order management asks of the journal. The journal package fits this by shape."""

from __future__ import annotations

from typing import Protocol

from engine.commands import AmendOrder, CancelOrder, PlaceOrder
from engine.protection_commands import CancelAlgo, PlaceAlgo

Intent = PlaceOrder | AmendOrder | CancelOrder | PlaceAlgo | CancelAlgo


class IntentJournal(Protocol):
    def record_intent(self, intent: Intent, at_ms: int) -> None:
        """Return only when `intent` survives a kill of this process.

        Blocks for a disk write, from any thread. Raises JournalError with a
        sentence when it cannot be written: then nothing may be sent.
        """
