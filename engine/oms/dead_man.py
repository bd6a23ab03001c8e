"""The dead-man switch: the exchange cancels a symbol's orders unless it hears from us.

The countdown runs at the exchange, so it works when the program, the computer or the
line is gone. It is renewed every quarter of it (binance/03: 120 s every 30 s).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from msgspec.structs import replace

from engine.clock import Clock
from engine.errors import BadInput, PerpdeskError, ShuttingDown
from engine.events import Alert, Event
from engine.events.protection import DeadManChanged
from engine.exchange.gateway import ExchangeGateway
from engine.protection_views import DeadManView
from engine.trading_types import AlertLevel

logger = logging.getLogger(__name__)

SHORTEST_S, LONGEST_S = 5, 86_400

WHAT_IT_DOES = (
    "It cancels every regular order of the symbol, also those placed elsewhere. Positions stay"
    " open. Count on conditional orders (stops, targets) staying, too: the exchange keeps them in"
    " a service of their own."
)


class DeadMan:
    """`tick` belongs to the thread that keeps house; everything else is thread-safe."""

    def __init__(
        self, gateway: ExchangeGateway, clock: Clock, publish: Callable[[Event], None]
    ) -> None:
        self._gateway = gateway
        self._clock = clock
        self._publish = publish
        self._calling = threading.Lock()  # a renewal never comes after the end it overlapped
        self._lock = threading.Lock()
        self._views: dict[str, DeadManView] = {}
        self._due_s: dict[str, float] = {}
        self._until_s: dict[str, float] = {}  # when the exchange will act, at the latest

    def set(self, symbol: str, countdown_s: int) -> DeadManView:
        """Start, change or (0) end it. Blocks on the network.

        Raises BadInput, and what the gateway raises: then nothing has changed here.
        """
        if countdown_s and not SHORTEST_S <= countdown_s <= LONGEST_S:
            raise BadInput(
                "countdown_s",
                f"The countdown must be 0 (off) or from {SHORTEST_S} to {LONGEST_S} s,"
                f" not {countdown_s}.",
                str(SHORTEST_S if countdown_s < SHORTEST_S else LONGEST_S),
            )
        with self._calling:
            return self._set(symbol, countdown_s)

    def views(self) -> list[DeadManView]:
        """Those that are on."""
        with self._lock:
            return list(self._views.values())

    def _set(self, symbol: str, countdown_s: int) -> DeadManView:
        sent_s = self._clock.monotonic()
        self._gateway.countdown_cancel_all(symbol, countdown_s * 1000)
        if not countdown_s:
            return self._switched_off(symbol)
        sentence = (
            f"Unless it hears from Perpdesk for {countdown_s} s, the exchange cancels the orders of"
            f" {symbol}. {WHAT_IT_DOES}"
        )
        return self._renewed(
            DeadManView(symbol=symbol, countdown_s=countdown_s, sentence=sentence), sent_s
        )

    def tick(self, now_s: float) -> None:
        """Renew what is due. Blocks on the network then; a failure is told and tried again."""
        with self._lock:
            due = [symbol for symbol, at_s in self._due_s.items() if now_s >= at_s]
        for symbol in due:
            with self._calling:
                view = self._views.get(symbol)
                if view is not None:  # not switched off meanwhile
                    self._renew(view, self._clock.monotonic())

    def _renew(self, view: DeadManView, sent_s: float) -> None:
        try:
            self._gateway.countdown_cancel_all(view.symbol, view.countdown_s * 1000)
        except ShuttingDown:
            return
        except PerpdeskError as error:
            self._failed(view, sent_s, error)
            return
        self._renewed(view, sent_s)

    def _renewed(self, view: DeadManView, sent_s: float) -> DeadManView:
        view = replace(view, renewed_ms=self._clock.now_ms())
        with self._lock:
            self._views[view.symbol] = view
            self._due_s[view.symbol] = sent_s + view.countdown_s / 4
            self._until_s[view.symbol] = sent_s + view.countdown_s
        self._publish(DeadManChanged(dead_man=view))
        return view

    def _failed(self, view: DeadManView, now_s: float, error: PerpdeskError) -> None:
        """Again after an eighth of it: there is time for several before the exchange acts."""
        with self._lock:
            self._due_s[view.symbol] = now_s + view.countdown_s / 8
            left_s = self._until_s[view.symbol] - now_s
        when = f"in {left_s:.0f} s" if left_s > 0 else "now, or has done so"
        sentence = (
            f"The dead-man switch of {view.symbol} was not renewed: {error} The exchange cancels"
            f" the orders of {view.symbol} {when}."
        )
        logger.warning("%s", sentence)
        self._publish(
            Alert(
                level=AlertLevel.ERROR,
                code="dead_man.not_renewed",
                sentence=sentence,
                at_ms=self._clock.now_ms(),
            )
        )

    def _switched_off(self, symbol: str) -> DeadManView:
        with self._lock:
            self._views.pop(symbol, None)
            self._due_s.pop(symbol, None)
            self._until_s.pop(symbol, None)
        sentence = f"The dead-man switch of {symbol} is off."
        view = DeadManView(symbol=symbol, countdown_s=0, sentence=sentence)
        self._publish(DeadManChanged(dead_man=view))
        return view
