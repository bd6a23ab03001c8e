"""The charts and ladders a person added, and who follows whose symbol.

The panels of the header's symbol (chart, ladder, tape, ticket) are one of the
followers, called MAIN_PANEL. GUI thread only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import count
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QApplication, QWidget

from desktop.models.layouts import Link, PanelKind, PanelState
from desktop.widgets.account_desk import AccountDesk
from desktop.widgets.added_panel import AddedChart, AddedPanel, make_panel
from desktop.widgets.market_desk import MarketDesk
from engine.commands import MAIN_PANEL, MOST_PANELS, UnwatchSymbol
from engine.events import (
    AggTrade,
    BookView,
    CandlesLoaded,
    CommandRefused,
    EngineStateChanged,
    Event,
    KlineUpdate,
    MarkPrice,
    StreamStateChanged,
    Trade,
)
from engine.market.instruments import Instrument
from engine.trading_types import EngineState, Route, StreamState

MOST_ADDED = MOST_PANELS - 1


class AddedPanels(QObject):
    """`added(AddedPanel)` and `removed(AddedPanel)`: whoever owns the docks follows."""

    command_wanted = Signal(object)  # Command
    added = Signal(object)
    removed = Signal(object)

    def __init__(
        self,
        market: MarketDesk,
        account: AccountDesk,
        instruments: Mapping[str, Instrument],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._market = market
        self._account = account
        self._instruments = instruments
        self._panels: dict[str, AddedPanel] = {}
        self._active = MAIN_PANEL
        self._live = dict.fromkeys(Route, False)
        self._main_link = market.chart_panel.link
        self._main_link.set_link(Link.BLUE)
        self._main_link.link_chosen.connect(lambda link: self._join(MAIN_PANEL, link))
        market.symbol_shown.connect(self._follow_main)
        market.chart_panel.overlays.changed.connect(self._set_overlays)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._on_focus)

    def handlers(self) -> dict[type[Event], Callable[[Any], None]]:
        return {
            AggTrade: self._on_trade,
            Trade: self._on_trade,
            BookView: self._on_book,
            MarkPrice: self._on_mark,
            KlineUpdate: self._on_candle,
            CandlesLoaded: self._on_candles,
            CommandRefused: self._on_refused,
            StreamStateChanged: self._on_stream,
            EngineStateChanged: self._on_engine,
        }

    # --- which there are --------------------------------------------------------

    @property
    def main_link(self) -> Link:
        return self._main_link.link

    @property
    def has_room(self) -> bool:
        return len(self._panels) < MOST_ADDED

    def panels(self) -> tuple[AddedPanel, ...]:
        return tuple(self._panels.values())

    def states(self) -> tuple[PanelState, ...]:
        return tuple(panel.state() for panel in self._panels.values())

    def add(self, kind: PanelKind) -> None:
        """One more, on the symbol now shown and linked with nobody."""
        if self.has_room:
            numbers = (f"{kind.value}-{number}" for number in count(1))
            panel_id = next(name for name in numbers if name not in self._panels)
            symbol = self._market.symbol
            self._make(PanelState(panel_id=panel_id, kind=kind, symbol=symbol))

    def remove(self, panel_id: str) -> None:
        panel = self._panels.pop(panel_id)
        if isinstance(panel, AddedChart):
            self._market.alerts.remove_chart(panel.chart)
        if panel.symbol:
            self._market.watch.no_longer_followed(panel.symbol)
            self.command_wanted.emit(UnwatchSymbol(panel=panel_id))
        if self._active == panel_id:
            self._set_active(MAIN_PANEL)
        self._main_link.setVisible(bool(self._panels))
        self.removed.emit(panel)

    def show_only(self, states: Iterable[PanelState], main_link: Link) -> None:
        """A layout's panels in place of those there are."""
        for panel_id in list(self._panels):
            self.remove(panel_id)
        self._main_link.set_link(main_link)
        for state in tuple(states)[:MOST_ADDED]:
            if state.panel_id not in self._panels:
                self._make(state)

    def show_known(self) -> None:
        """The contracts' rules have come: panels that waited for theirs show it."""
        for panel in self._panels.values():
            panel.set_symbols(tuple(self._instruments))
            instrument = self._instruments.get(panel.wanted_symbol)
            if not panel.symbol and instrument is not None:
                self._show(panel, instrument)

    def _make(self, state: PanelState) -> None:
        panel = make_panel(state, self._market.records, self._places_at_once)
        self._panels[state.panel_id] = panel
        panel.command_wanted.connect(self.command_wanted)
        panel.price_taken.connect(self._market.take_price)
        panel.symbol_wanted.connect(lambda symbol: self.move(state.panel_id, symbol))
        panel.link_chosen.connect(lambda link: self._join(state.panel_id, link))
        if isinstance(panel, AddedChart):
            self._market.alerts.add_chart(panel.chart)
            panel.chart.set_overlays(self._market.chart_panel.overlays.on())
        self._show_staleness(panel)
        self._main_link.show()
        self.added.emit(panel)
        self.show_known()

    def _places_at_once(self, symbol: str) -> bool:
        """Only the ticket's own symbol has a size that a click may send."""
        return symbol == self._market.symbol and self._market.ticket.is_one_click()

    # --- who follows whom ---------------------------------------------------------

    @Slot(object)
    def choose(self, symbol: str) -> None:
        """From the watch list: the group of the active panel turns to it."""
        self.move(self._active, symbol)

    def move(self, panel_id: str, symbol: str) -> None:
        """This panel and all of its colour show `symbol`."""
        if symbol not in self._instruments:
            return
        link = self._link_of(panel_id)
        for panel in self._panels.values():
            if panel.panel_id == panel_id or (link is not Link.NONE and panel.link.link is link):
                self._turn(panel, symbol)
        if panel_id == MAIN_PANEL or (link is not Link.NONE and self.main_link is link):
            self._market.show_symbol(symbol)

    @Slot()
    def _follow_main(self) -> None:
        """Whatever turned the main panels, their colour comes along."""
        if self.main_link is not Link.NONE:
            for panel in self._panels.values():
                if panel.link.link is self.main_link:
                    self._turn(panel, self._market.symbol)

    def _join(self, panel_id: str, link: Link) -> None:
        """Who joins a group shows its symbol at once."""
        if link is Link.NONE:
            return
        symbol = self._symbol_of_group(link, but=panel_id)
        if symbol:
            self.move(panel_id, symbol)

    def _symbol_of_group(self, link: Link, *, but: str) -> str:
        if but != MAIN_PANEL and self.main_link is link:
            return self._market.symbol
        others = (p for p in self._panels.values() if p.panel_id != but and p.link.link is link)
        return next((panel.symbol for panel in others), "")

    def _link_of(self, panel_id: str) -> Link:
        panel = self._panels.get(panel_id)
        return panel.link.link if panel is not None else self.main_link

    def _turn(self, panel: AddedPanel, symbol: str) -> None:
        instrument = self._instruments.get(symbol)
        if instrument is not None and panel.symbol != symbol:
            self._market.watch.no_longer_followed(panel.symbol)
            self._show(panel, instrument)

    def _show(self, panel: AddedPanel, instrument: Instrument) -> None:
        panel.show_instrument(instrument)
        if isinstance(panel, AddedChart):
            self._market.alerts.show_on(panel.chart, instrument.symbol)
        self._show_account(panel)

    @Slot(QWidget, QWidget)
    def _on_focus(self, _old: QWidget | None, now: QWidget | None) -> None:
        """The panel a person works in; the watch list itself changes nothing."""
        market = self._market
        main = (market.chart_panel, market.ladder, market.ticket, market.header)
        widget = now
        while widget is not None:
            if isinstance(widget, AddedPanel) and widget.panel_id in self._panels:
                self._set_active(widget.panel_id)
                return
            if any(widget is one for one in main):
                self._set_active(MAIN_PANEL)
                return
            widget = widget.parentWidget()

    def _set_active(self, panel_id: str) -> None:
        self._active = panel_id
        self._main_link.set_active(panel_id == MAIN_PANEL)
        for panel in self._panels.values():
            panel.link.set_active(panel.panel_id == panel_id)

    # --- what they show -----------------------------------------------------------

    def show_changes(self, records: set[str], account: set[str]) -> None:
        """Once a frame: the symbols whose lines, and whose orders or positions changed."""
        for panel in self._panels.values():
            if panel.symbol in records:
                panel.lines.show_records()
            if panel.symbol in account:
                self._show_account(panel)

    def _show_account(self, panel: AddedPanel) -> None:
        panel.set_orders(self._account.orders_of(panel.symbol))
        panel.set_position(self._account.position_of(panel.symbol))

    def _of(self, symbol: str) -> list[AddedPanel]:
        return [panel for panel in self._panels.values() if panel.symbol == symbol]

    @Slot(object)
    def _set_overlays(self, overlays: Any) -> None:
        for panel in self._panels.values():
            if isinstance(panel, AddedChart):
                panel.chart.set_overlays(overlays)

    def _on_trade(self, trade: AggTrade | Trade) -> None:
        for panel in self._of(trade.symbol):
            panel.set_trade(trade)

    def _on_book(self, book: BookView) -> None:
        for panel in self._of(book.symbol):
            panel.set_book(book)

    def _on_mark(self, mark: MarkPrice) -> None:
        for panel in self._of(mark.symbol):
            panel.set_mark_price(mark.mark_price)

    def _on_candle(self, update: KlineUpdate) -> None:
        for panel in self._of(update.symbol):
            panel.set_candle(update)

    def _on_candles(self, loaded: CandlesLoaded) -> None:
        for panel in self._of(loaded.symbol):
            panel.set_candles(loaded)

    def _on_refused(self, refused: CommandRefused) -> None:
        for panel in self._panels.values():
            panel.refused(refused)

    def _on_stream(self, change: StreamStateChanged) -> None:
        self._live[change.route] = change.state is StreamState.LIVE
        for panel in self._panels.values():
            self._show_staleness(panel)

    def _on_engine(self, change: EngineStateChanged) -> None:
        """After a gap the candles of it must be asked for: they never came by stream."""
        if change.state is EngineState.LIVE and change.gap_s is not None:
            for panel in self._panels.values():
                if isinstance(panel, AddedChart) and panel.symbol:
                    panel.reload_candles()

    def _show_staleness(self, panel: AddedPanel) -> None:
        panel.set_stale(
            market=not self._live[Route.MARKET],
            book=not self._live[Route.PUBLIC],
            account=not self._live[Route.PRIVATE],
        )
