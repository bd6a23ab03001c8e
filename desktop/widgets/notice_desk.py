"""Sounds, tray messages and the alerts the window makes itself: funding and liquidation.

Toasts and log lines of the same events are told by the desks they belong to.
GUI thread only.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec
from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from desktop.formatting import pct_text, signed
from desktop.models.notices import (
    Notice,
    NoticeChoices,
    NoticeWatch,
    expected_funding,
    liquidation_distance_pct,
)
from desktop.models.preferences import Preferences
from desktop.models.settings import BY_KEY, MUTE
from desktop.widgets.account_desk import AccountDesk
from desktop.widgets.tray import Tray
from engine.commands import LoadCandles, UnwatchSymbol, WatchSymbol
from engine.events import (
    Alert,
    CommandRefused,
    Event,
    FillRecorded,
    MarkPrice,
    OrderChanged,
    StreamStateChanged,
)
from engine.events.protection import BracketChanged
from engine.trading_types import (
    AlertLevel,
    BracketState,
    OrderStatus,
    Route,
    StreamState,
)
from engine.views import ZERO, FillView, PositionView

logger = logging.getLogger(__name__)

_KEY = "notices"
_LOST = (StreamState.STALE, StreamState.DISCONNECTED)
_READS = (WatchSymbol, UnwatchSymbol, LoadCandles)
_MADE_HERE = ("price.alert", "funding.due")  # told aloud although they are no warning
_REMEMBERED = 1000
_ECHO_MS = 400  # a sweep through the book is one sound, not fifty


class NoticeDesk(QObject):
    """What happened before it was made is history: no sound."""

    sound_wanted = Signal(object)  # Notice
    alert_made = Signal(object)  # Alert

    def __init__(
        self,
        window: QWidget,
        account: AccountDesk,
        preferences: Preferences,
        now_ms: Callable[[], int],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._account = account
        self._preferences = preferences
        self._now_ms = now_ms
        self._opened_ms = now_ms()
        self._watch = NoticeWatch()
        self._streams = dict.fromkeys(Route, StreamState.STOPPED)
        self._bare: set[str] = set()
        self._fill_heard_ms: int | None = None
        self._told: deque[object] = deque(maxlen=_REMEMBERED)
        self.choices = _read(preferences)
        self.tray = Tray(self)
        self.tray.clicked.connect(self._come_forward)

    def handlers(self) -> dict[type[Event], Callable[[Any], None]]:
        return {
            FillRecorded: lambda event: self._on_fill(event.fill),
            OrderChanged: self._on_order,
            CommandRefused: self._on_refused,
            StreamStateChanged: self._on_stream,
            BracketChanged: self._on_bracket,
            Alert: self._on_alert,
            MarkPrice: self._on_mark,
        }

    @Slot(object)
    def set_choices(self, choices: NoticeChoices) -> None:
        """Sounds are kept as the settings dialog keeps them: there is one place for each."""
        kept = msgspec.to_builtins(choices)
        del kept["muted"]
        self._preferences.put(_KEY, kept)
        for notice in Notice:
            self._preferences.put(f"sounds.{notice}", notice not in choices.muted)
        self.reread()

    def reread(self) -> None:
        """A person changed something of it in the settings."""
        self.choices = _read(self._preferences)

    def close(self) -> None:
        self.tray.close()

    def _tell(self, notice: Notice, sentence: str, level: AlertLevel) -> None:
        self._sound(notice)
        if self.choices.has_tray and not self._window.isActiveWindow():
            self.tray.tell(sentence, level)

    def _sound(self, notice: Notice) -> None:
        """Unless it is switched off, or a fill was heard a moment ago."""
        if notice in self.choices.muted or self._preferences.value_of(MUTE):
            return
        if notice is Notice.FILL:
            now_ms, before_ms = self._now_ms(), self._fill_heard_ms
            if before_ms is not None and now_ms - before_ms < _ECHO_MS:
                return
            self._fill_heard_ms = now_ms
        self.sound_wanted.emit(notice)

    @Slot()
    def _come_forward(self) -> None:
        if self._window.isMinimized():
            self._window.showNormal()
        self._window.raise_()
        self._window.activateWindow()

    # --- events of the engine -----------------------------------------------------

    def _on_fill(self, fill: FillView) -> None:
        if fill.time_ms >= self._opened_ms and self._is_new((fill.symbol, fill.trade_id)):
            word = f"{fill.side.value} {fill.quantity:,} {fill.symbol} at {fill.price:,}"
            self._tell(Notice.FILL, f"Filled: {word}", AlertLevel.INFO)

    def _on_order(self, event: OrderChanged) -> None:
        order = event.order
        is_news = (order.updated_at or order.created_at) >= self._opened_ms
        if order.status is OrderStatus.REJECTED and is_news and self._is_new(order.client_order_id):
            self._tell(Notice.REFUSAL, order.reason, AlertLevel.WARNING)

    def _on_refused(self, refused: CommandRefused) -> None:
        if not isinstance(refused.command, _READS):
            self._tell(Notice.REFUSAL, refused.sentence, AlertLevel.WARNING)

    def _on_stream(self, change: StreamStateChanged) -> None:
        """One cut takes several streams down: told when the first is lost."""
        was_whole = not any(state in _LOST for state in self._streams.values())
        before, self._streams[change.route] = self._streams[change.route], change.state
        if change.state in _LOST and before is StreamState.LIVE and was_whole:
            self._tell(Notice.DISCONNECT, change.sentence, AlertLevel.WARNING)

    def _on_bracket(self, event: BracketChanged) -> None:
        bracket = event.bracket
        if bracket.state is not BracketState.UNPROTECTED:
            self._bare.discard(bracket.bracket_id)
        elif bracket.bracket_id not in self._bare:
            self._bare.add(bracket.bracket_id)
            sentence = f"{bracket.symbol} is held without a stop."
            self._tell(Notice.UNPROTECTED, sentence, AlertLevel.ERROR)

    def _on_alert(self, alert: Alert) -> None:
        if alert.level is not AlertLevel.INFO or alert.code in _MADE_HERE:
            self._tell(Notice.ALERT, alert.sentence, alert.level)

    def _is_new(self, key: object) -> bool:
        """The exchange tells some things twice."""
        if key in self._told:
            return False
        self._told.append(key)
        return True

    # --- alerts made here ---------------------------------------------------------

    def _on_mark(self, mark: MarkPrice) -> None:
        held = [
            position
            for position in self._account.models.positions.rows()
            if position.symbol == mark.symbol and position.quantity
        ]
        if held:
            self._check_funding(held, mark)
            for position in held:
                self._check_liquidation(position, mark.mark_price)

    def _check_funding(self, held: list[PositionView], mark: MarkPrice) -> None:
        now_ms, rate = self._now_ms(), mark.funding
        if rate is None or not self._watch.funding_due(
            mark.symbol, mark.next_funding_ms, now_ms, self.choices
        ):
            return
        amounts = (expected_funding(position, mark.mark_price, rate) for position in held)
        minutes = max(1, round((mark.next_funding_ms - now_ms) / 60_000))
        self._make(
            AlertLevel.INFO,
            "funding.due",
            f"Funding of {mark.symbol} in {minutes} min: about {signed(sum(amounts, ZERO), 2)}"
            f" (rate {pct_text(rate * 100, 4)}).",
        )

    def _check_liquidation(self, position: PositionView, mark_price: float) -> None:
        if self._watch.is_newly_near(position, mark_price, self.choices):
            distance_pct = liquidation_distance_pct(position, mark_price) or 0.0
            self._make(
                AlertLevel.ERROR,
                "liquidation.near",
                f"{position.symbol}: the mark price is {distance_pct:.1f} % from liquidation"
                f" at {position.liquidation_price:,}.",
            )

    def _make(self, level: AlertLevel, code: str, sentence: str) -> None:
        self.alert_made.emit(Alert(level=level, code=code, sentence=sentence, at_ms=self._now_ms()))


def _read(preferences: Preferences) -> NoticeChoices:
    try:
        choices = msgspec.convert(preferences.get(_KEY, {}), NoticeChoices)
    except msgspec.ValidationError as error:
        logger.warning("the choices of notices are damaged reason=%s", error)
        choices = NoticeChoices()
    muted = (n for n in Notice if not preferences.value_of(BY_KEY[f"sounds.{n}"]))
    return msgspec.structs.replace(choices, muted=frozenset(muted))
