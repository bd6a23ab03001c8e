"""One chart or ladder that a person added: its symbol, its link, its data. GUI thread only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from desktop.models.layouts import PanelKind, PanelState
from desktop.models.own_records import OwnRecords
from desktop.theme.fonts import ui_font
from desktop.widgets.chart import CandleChart
from desktop.widgets.interval_bar import IntervalBar
from desktop.widgets.ladder import PriceLadder
from desktop.widgets.link_button import LinkButton
from desktop.widgets.own_lines import OwnLines
from engine.commands import Command, LoadCandles, WatchSymbol
from engine.config_keys import INTERVALS
from engine.events import AggTrade, BookView, CandlesLoaded, CommandRefused, KlineUpdate, Trade
from engine.market.instruments import Instrument
from engine.views import OrderView, PositionView

_FEW_INTERVALS = ("1m", "5m", "1h")


class AddedPanel(QWidget):
    """Base of both kinds. It has no symbol until `show_instrument`."""

    command_wanted = Signal(object)  # Command
    symbol_wanted = Signal(object)  # str: a person chose it here
    symbol_shown = Signal()
    link_chosen = Signal(object)  # Link
    price_taken = Signal(object, object, object)  # symbol, Side or None, price

    def __init__(self, state: PanelState) -> None:
        super().__init__()
        self.panel_id = state.panel_id
        self.kind = state.kind
        self.wanted_symbol = state.symbol
        self.symbol = ""
        self.interval = state.interval
        self.lines: OwnLines
        self.link = LinkButton(f"{self.panel_id}.link", self.panel_id, self)
        self.link.set_link(state.link)
        self.link.link_chosen.connect(self.link_chosen)
        self.box = self._symbol_box()
        self._row = QHBoxLayout()
        self._row.setContentsMargins(4, 3, 6, 3)
        self._row.setSpacing(2)
        self._row.addWidget(self.link)
        self._row.addWidget(self.box)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addLayout(self._row)
        self.setObjectName(self.panel_id)

    def state(self) -> PanelState:
        return PanelState(
            panel_id=self.panel_id,
            kind=self.kind,
            symbol=self.symbol or self.wanted_symbol,
            interval=self.interval,
            link=self.link.link,
        )

    def set_symbols(self, symbols: Sequence[str]) -> None:
        if self.box.count() != len(symbols):
            self.box.clear()
            self.box.addItems(list(symbols))
            self.box.setCurrentText(self.symbol or self.wanted_symbol)

    def show_instrument(self, instrument: Instrument) -> None:
        """Turn to this contract, emptied at once, and ask for its data."""
        self.symbol = self.wanted_symbol = instrument.symbol
        self.box.setCurrentText(instrument.symbol)
        self.turn_to(instrument)
        self.lines.show_symbol(instrument.symbol)
        self.symbol_shown.emit()
        self.reload()

    def turn_to(self, instrument: Instrument) -> None:
        raise NotImplementedError

    def reload(self) -> None:
        """Ask for the streams, and for what no stream brings."""
        raise NotImplementedError

    def set_stale(self, *, market: bool, book: bool, account: bool) -> None:
        raise NotImplementedError

    # what only one of the kinds shows does nothing in the other

    def set_trade(self, trade: AggTrade | Trade) -> None:
        pass

    def set_book(self, book: BookView) -> None:
        pass

    def set_mark_price(self, price: float) -> None:
        pass

    def set_candle(self, update: KlineUpdate) -> None:
        pass

    def set_candles(self, loaded: CandlesLoaded) -> None:
        pass

    def set_position(self, position: PositionView | None) -> None:
        pass

    def set_orders(self, orders: list[OrderView]) -> None:
        self.lines.set_orders(orders)

    def refused(self, refused: CommandRefused) -> None:
        self.lines.refused(refused)

    def _symbol_box(self) -> QComboBox:
        box = QComboBox(self)
        box.setObjectName(f"{self.panel_id}.symbol")
        box.setAccessibleName(f"Symbol of {self.panel_id}")
        box.setFont(ui_font(12, QFont.Weight.DemiBold))
        box.setFixedHeight(24)
        box.setMinimumWidth(104)
        box.setMaxVisibleItems(20)
        box.textActivated.connect(self.symbol_wanted.emit)
        return box

    def _watch(self, *, interval: str, with_book: bool) -> Command:
        return WatchSymbol(
            symbol=self.symbol, interval=interval, panel=self.panel_id, with_book=with_book
        )

    def _take_lines(self, lines: OwnLines) -> None:
        self.lines = lines
        lines.command_wanted.connect(self.command_wanted)


class AddedChart(AddedPanel):
    def __init__(
        self, state: PanelState, records: OwnRecords, places_at_once: Callable[[str], bool]
    ) -> None:
        super().__init__(state)
        self.chart = CandleChart(places_at_once=lambda: places_at_once(self.symbol))
        self.chart.setObjectName(f"{self.panel_id}.chart")
        self.intervals = IntervalBar(INTERVALS, _FEW_INTERVALS, self, name=self.panel_id)
        self.intervals.set_interval(self.interval)
        self._request_numbers = count(1)
        self._row.addWidget(self.intervals, 1)
        self._column.addWidget(self.chart, 1)
        self._take_lines(OwnLines(records, self, chart=self.chart))
        self.intervals.interval_chosen.connect(self._show_interval)
        self.chart.older_wanted.connect(self._load_candles)
        self.chart.price_clicked.connect(
            lambda price: self.price_taken.emit(self.symbol, None, price)
        )
        self.chart.place_wanted.connect(
            lambda side, price: self.price_taken.emit(self.symbol, side, price)
        )

    def turn_to(self, instrument: Instrument) -> None:
        self.chart.set_instrument(instrument)
        self.chart.expect(self.interval)

    def reload(self) -> None:
        self.command_wanted.emit(self._watch(interval=self.interval, with_book=False))
        self.reload_candles()

    def reload_candles(self) -> None:
        self._load_candles(None)

    def set_stale(self, *, market: bool, book: bool, account: bool) -> None:  # noqa: ARG002
        self.chart.set_stale(market)
        self.chart.set_orders_stale(account)

    def set_trade(self, trade: AggTrade | Trade) -> None:
        self.chart.set_last_price(trade.price)

    def set_mark_price(self, price: float) -> None:
        self.chart.set_mark_price(price)

    def set_candle(self, update: KlineUpdate) -> None:
        if update.kline.interval == self.interval:
            self.chart.update_candle(update.kline.candle())

    def set_candles(self, loaded: CandlesLoaded) -> None:
        """An answer to another panel, or for what was shown before, is left out."""
        if not self._is_mine(loaded.request_id) or loaded.interval != self.interval:
            return
        if loaded.end_ms is None:
            self.chart.set_candles(loaded.candles, loaded.interval)
        else:
            self.chart.prepend_candles(loaded.candles, loaded.end_ms)

    def set_position(self, position: PositionView | None) -> None:
        self.chart.set_position(position)

    def refused(self, refused: CommandRefused) -> None:
        super().refused(refused)
        command = refused.command
        is_candles = isinstance(command, LoadCandles) and self._is_mine(command.request_id)
        is_watch = isinstance(command, WatchSymbol) and command.panel == self.panel_id
        if is_candles or is_watch:
            self.chart.candles_failed(f"No candles came: {refused.sentence}")

    def _is_mine(self, request_id: str) -> bool:
        return request_id.startswith(f"{self.panel_id}:")

    @Slot(object)
    def _show_interval(self, interval: str) -> None:
        if self.symbol and (interval != self.interval or self.chart.has_failed):
            self.interval = interval
            self.chart.expect(interval)
            self.reload()

    @Slot(object)
    def _load_candles(self, end_ms: int | None) -> None:
        self.command_wanted.emit(
            LoadCandles(
                request_id=f"{self.panel_id}:{next(self._request_numbers)}",
                symbol=self.symbol,
                interval=self.interval,
                end_ms=end_ms,
            )
        )


class AddedLadder(AddedPanel):
    def __init__(self, state: PanelState, records: OwnRecords) -> None:
        super().__init__(state)
        self.ladder = PriceLadder()
        self.ladder.setObjectName(f"{self.panel_id}.ladder")
        self._is_synced = False
        self._is_public_stale = True
        self._row.addStretch(1)
        self._column.addWidget(self.ladder, 1)
        self._take_lines(OwnLines(records, self, ladder=self.ladder))
        self.ladder.price_clicked.connect(
            lambda side, price: self.price_taken.emit(self.symbol, side, price)
        )

    def turn_to(self, instrument: Instrument) -> None:
        self.ladder.set_instrument(instrument)
        self._is_synced = False
        self._show_book_state()

    def reload(self) -> None:
        self.command_wanted.emit(self._watch(interval="", with_book=True))

    def set_stale(self, *, market: bool, book: bool, account: bool) -> None:  # noqa: ARG002
        self._is_public_stale = book
        self.ladder.set_orders_stale(account)
        self._show_book_state()

    def set_trade(self, trade: AggTrade | Trade) -> None:
        self.ladder.set_last_trade(trade.price, trade.is_buyer_maker, trade.quantity)

    def set_book(self, book: BookView) -> None:
        if book.is_synced is not self._is_synced:
            self._is_synced = book.is_synced
            self._show_book_state()
        self.ladder.set_book(book)

    def _show_book_state(self) -> None:
        self.ladder.set_stale(self._is_public_stale or not self._is_synced)


def make_panel(
    state: PanelState, records: OwnRecords, places_at_once: Callable[[str], bool]
) -> AddedChart | AddedLadder:
    if state.kind is PanelKind.CHART:
        return AddedChart(state, records, places_at_once)
    return AddedLadder(state, records)
