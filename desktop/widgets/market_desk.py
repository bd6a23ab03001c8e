"""The panels of the chosen symbol: chart, ladder, tape, ticket, and the watch list.

Hands each market event to whom it concerns and greys what is no longer true.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import count
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from desktop.models.lock_out import lock_sentence
from desktop.models.own_records import OwnRecords
from desktop.models.plan_orders import is_asked_by_a_plan
from desktop.models.preferences import Preferences
from desktop.models.watch_model import WatchModel
from desktop.widgets.chart import CandleChart
from desktop.widgets.chart_panel import ChartPanel
from desktop.widgets.click_guard import ClickGuard
from desktop.widgets.header_bar import HeaderBar
from desktop.widgets.interval_bar import IntervalBar
from desktop.widgets.ladder import PriceLadder
from desktop.widgets.order_ticket import OrderTicket
from desktop.widgets.own_lines import OwnLines
from desktop.widgets.price_alert_desk import PriceAlertDesk
from desktop.widgets.tape import Tape
from desktop.widgets.watch_panel import WatchPanel
from engine.commands import LoadCandles, SetLeverage, WatchSymbol
from engine.config_keys import INTERVALS
from engine.events import (
    AggTrade,
    BookView,
    CandlesLoaded,
    CommandRefused,
    Event,
    KlineUpdate,
    MarkPrice,
    SymbolTerms,
    Ticker24h,
    Trade,
)
from engine.market.instruments import Instrument
from engine.protection_commands import SetMarginType
from engine.protection_views import GuardView
from engine.trading_types import MarginType, Route, Side, StreamState
from engine.views import OrderView, PositionView

_CANDLES = "candles-"  # how the ids of this desk's questions begin
USUAL_INTERVALS = ("1m", "5m", "15m", "1h", "4h", "1d")


class MarketDesk(QObject):
    """`symbol` and `interval` are what the panels show now."""

    command_wanted = Signal(object)  # Command
    symbol_shown = Signal()

    def __init__(
        self,
        header: HeaderBar,
        instruments: Mapping[str, Instrument],
        interval: str,
        preferences: Preferences,
        now_ms: Callable[[], int],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._instruments = instruments
        self.symbol = ""
        self.interval = interval
        self.header = header
        self.ticket = OrderTicket(preferences)
        self.chart = CandleChart(places_at_once=self.ticket.is_one_click)
        self.intervals = IntervalBar(INTERVALS, USUAL_INTERVALS)
        self.intervals.set_interval(interval)
        self.chart_panel = ChartPanel(self.chart, self.intervals)
        self.ladder = PriceLadder()
        self.records = OwnRecords()
        self.lines = OwnLines(self.records, self, chart=self.chart, ladder=self.ladder)
        self.alerts = PriceAlertDesk(self.chart, instruments.get, now_ms, self)
        self.tape = Tape()
        self.watch = WatchModel(instruments, self)
        self.watch_panel = WatchPanel(self.watch, preferences)
        self._streams = dict.fromkeys(Route, StreamState.STOPPED)
        self._is_book_synced = False
        self._place_guard = ClickGuard()
        self._request_numbers = count(1)
        self._connect()
        self._show_staleness()

    def handlers(self) -> dict[type[Event], Callable[[Any], None]]:
        return self.records.handlers() | {
            AggTrade: self._on_trade,
            Trade: self._on_trade,
            BookView: self._on_book,
            MarkPrice: self._on_mark,
            Ticker24h: self._on_ticker,
            KlineUpdate: self._on_kline,
            CandlesLoaded: self._on_candles,
            SymbolTerms: self._on_terms,
            CommandRefused: self._on_refused,
        }

    # --- choosing -------------------------------------------------------------

    def show_symbol(self, symbol: str) -> None:
        """Turn all panels to another contract, emptied at once, and ask for its data."""
        instrument = self._instruments.get(symbol)
        if instrument is None or symbol == self.symbol:
            return
        self.watch.no_longer_followed(self.symbol)
        self.symbol = symbol
        self._is_book_synced = False
        for panel in (self.header, self.chart, self.ladder, self.tape, self.ticket):
            panel.set_instrument(instrument)
        self.lines.show_symbol(symbol)
        self.alerts.show_symbol(symbol)
        self.watch.watch((symbol,))
        self._show_staleness()
        self.symbol_shown.emit()
        self.reload()

    @Slot(object)
    def show_interval(self, interval: str) -> None:
        self.intervals.set_interval(interval)
        if interval != self.interval or self.chart.has_failed:
            self.interval = interval
            self.chart.expect(interval)
            self.reload()

    def reload(self) -> None:
        """Ask for the symbol's streams and newest candles, as after a gap."""
        if not self.symbol:
            return
        self.alerts.forget_candle()
        self.command_wanted.emit(WatchSymbol(symbol=self.symbol, interval=self.interval))
        self.reload_candles()

    def reload_candles(self) -> None:
        """The newest candles again: those of a gap never came by stream."""
        if self.symbol:
            self._load_candles(None)

    # --- own orders and account --------------------------------------------------

    def set_orders(self, orders: list[OrderView]) -> None:
        """Those of the chosen symbol alone."""
        self.lines.set_orders(orders)

    def set_position(self, position: PositionView | None) -> None:
        self.chart.set_position(position)
        self.ticket.set_position(position)

    @Slot(object)
    def set_guard(self, guard: GuardView) -> None:
        self.ticket.set_guard(guard)
        self.ladder.set_lock(lock_sentence(guard))

    def set_stream(self, route: Route, state: StreamState) -> None:
        self._streams[route] = state
        self._show_staleness()

    # --- events ---------------------------------------------------------------------

    def _on_trade(self, trade: AggTrade | Trade) -> None:
        self.watch.set_last_price(trade.symbol, trade.price)
        self.alerts.set_price(trade.symbol, trade.price)
        if trade.symbol != self.symbol:
            return
        self.header.set_last_price(trade.price)
        self.ticket.set_last_price(trade.price)
        self.chart.set_last_price(trade.price)
        self.ladder.set_last_trade(trade.price, trade.is_buyer_maker, trade.quantity)
        self.tape.add(
            trade.trade_ms, trade.price, trade.quantity, is_buyer_maker=trade.is_buyer_maker
        )

    def _on_book(self, book: BookView) -> None:
        if book.symbol != self.symbol:
            return
        if book.is_synced is not self._is_book_synced:
            self._is_book_synced = book.is_synced
            self._show_staleness()
        self.ladder.set_book(book)
        self.ticket.set_book(book)

    def _on_mark(self, mark: MarkPrice) -> None:
        if mark.symbol != self.symbol:
            return
        self.header.set_mark(mark)
        self.chart.set_mark_price(mark.mark_price)
        self.ticket.set_mark_price(mark.mark_price)

    def _on_ticker(self, ticker: Ticker24h) -> None:
        self.watch.set_last_price(ticker.symbol, ticker.last_price)
        self.alerts.set_price(ticker.symbol, ticker.last_price)
        self.watch.set_change(ticker.symbol, ticker.change_pct)
        if ticker.symbol == self.symbol:
            self.header.set_ticker(ticker)

    def _on_terms(self, terms: SymbolTerms) -> None:
        if terms.symbol == self.symbol:
            self.ticket.set_terms(terms)

    def _on_kline(self, update: KlineUpdate) -> None:
        if update.symbol == self.symbol and update.kline.interval == self.interval:
            candle = update.kline.candle()
            self.chart.update_candle(candle)
            self.alerts.set_candle(self.symbol, candle)

    def _on_candles(self, loaded: CandlesLoaded) -> None:
        """One for another symbol or interval came too late to matter; others are not ours."""
        if not loaded.request_id.startswith(_CANDLES):
            return
        if loaded.symbol != self.symbol or loaded.interval != self.interval:
            return
        if loaded.end_ms is None:
            self.chart.set_candles(loaded.candles, loaded.interval)
        else:
            self.chart.prepend_candles(loaded.candles, loaded.end_ms)

    def _on_refused(self, refused: CommandRefused) -> None:
        """Candles that were asked for do not come: the chart says why."""
        command = refused.command
        if not isinstance(command, LoadCandles):
            if not is_asked_by_a_plan(command):
                self.lines.refused(refused)
        elif not command.request_id.startswith(_CANDLES):
            return  # another chart's
        elif (command.symbol, command.interval) == (self.symbol, self.interval):
            self.chart.candles_failed(f"No candles came: {refused.sentence}")

    # --- acts -----------------------------------------------------------------------

    @Slot(object)
    def _load_candles(self, end_ms: int | None) -> None:
        self.command_wanted.emit(
            LoadCandles(
                request_id=f"{_CANDLES}{next(self._request_numbers)}",
                symbol=self.symbol,
                interval=self.interval,
                end_ms=end_ms,
            )
        )

    def take_price(self, symbol: str, side: Side | None, price: Decimal) -> None:
        """A click in an added panel. Another symbol turns the ticket to it and fills in
        the price: a size that was typed for one contract is never sent for another.
        """
        if symbol != self.symbol:
            self.show_symbol(symbol)
            self.ticket.set_price(price)
        elif side is None:
            self.ticket.set_price(price)
        else:
            self._place_at(side, price)

    @Slot(object, object)
    def _place_at(self, side: Side, price: Decimal) -> None:
        """Fills the ticket; with one-click armed it places at once, once per click."""
        self.ticket.set_price(price)
        if self.ticket.is_one_click() and self._place_guard.admits():
            self.ticket.place(side)

    def ignore_a_late_click(self) -> None:
        """A question has just been answered: a second click of that answer lands below it."""
        self._place_guard.admits()
        self.ticket.ignore_a_late_click()

    @Slot(object)
    def _ask_leverage(self, leverage: int) -> None:
        self.command_wanted.emit(SetLeverage(symbol=self.symbol, leverage=leverage))

    @Slot(object)
    def _ask_margin_type(self, margin_type: MarginType) -> None:
        self.command_wanted.emit(SetMarginType(symbol=self.symbol, margin_type=margin_type))

    # --- inside -----------------------------------------------------------------------

    def _show_staleness(self) -> None:
        """What rests on a stream that is not live is grey and cannot be clicked."""
        no_book = self._streams[Route.PUBLIC] is not StreamState.LIVE or not self._is_book_synced
        no_market = self._streams[Route.MARKET] is not StreamState.LIVE
        no_account = self._streams[Route.PRIVATE] is not StreamState.LIVE
        self.ladder.set_stale(no_book)
        self.ladder.set_orders_stale(no_account)
        self.chart.set_orders_stale(no_account)
        self.ticket.set_stale(no_book)
        self.chart.set_stale(no_market)
        self.tape.set_stale(no_market)
        self.watch_panel.table.set_stale(no_market)
        self.header.set_market_stale(no_market)

    def _connect(self) -> None:
        self.ladder.price_clicked.connect(self._place_at)
        self.chart.price_clicked.connect(self.ticket.set_price)
        self.chart.place_wanted.connect(self._place_at)
        self.lines.command_wanted.connect(self.command_wanted)
        self.chart.older_wanted.connect(self._load_candles)
        self.intervals.interval_chosen.connect(self.show_interval)
        self.ticket.order_wanted.connect(self.command_wanted)
        self.ticket.leverage_wanted.connect(self._ask_leverage)
        self.ticket.margin_type_wanted.connect(self._ask_margin_type)
        self.header.symbol_chosen.connect(self.show_symbol)
