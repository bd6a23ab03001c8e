"""The program as `perpdesk` starts it, offscreen, which tells when it could be used.

`window_start USER_DATA`: prints the times of the first painted frame, of the first
price on the window and of the first moment at which an order would be taken, and ends.
"""

from __future__ import annotations

import os
import sys

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from desktop.__main__ import main as perpdesk
from tests.benchmarks.child import tell
from tests.benchmarks.measuring import now_us


def main(words: list[str]) -> int:
    from PySide6.QtCore import QEvent, QObject, QTimer, Slot

    from desktop import desks
    from desktop.desk import Desk
    from engine.events import AggTrade, BookView, EngineStateChanged, Event
    from engine.trading_types import EngineState

    class Watch(QObject):
        def __init__(self, desk: Desk) -> None:
            super().__init__()
            self.seen_us: dict[str, int] = {}
            self._desk = desk
            desk.window.installEventFilter(self)
            desk.bridge.events_ready.connect(self._look)

        def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
            if event.type() is QEvent.Type.UpdateRequest and "visible_s" not in self.seen_us:
                QTimer.singleShot(0, lambda: self._note("visible_s"))
            return False

        @Slot(object)
        def _look(self, events: list[Event]) -> None:
            shown = self._desk.window.market.symbol
            for event in events:
                if isinstance(event, AggTrade | BookView) and event.symbol == shown:
                    self._note("price_s")
                elif isinstance(event, EngineStateChanged) and event.state is EngineState.LIVE:
                    self._note("tradable_s")

        def _note(self, what: str) -> None:
            if what not in self.seen_us:
                self.seen_us[what] = now_us()
                if len(self.seen_us) == 3:
                    tell(self.seen_us)
                    self._desk.close()

    class WatchedDesk(Desk):
        def open(self) -> None:
            self.watch = Watch(self)
            super().open()

    desks.Desk = WatchedDesk  # type: ignore[misc]
    return perpdesk(["--environment", "paper", "--user-data", words[0]])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
