"""Price alerts: drawn on the chart, kept in files, told when the price crosses them.

They watch every contract the window hears of, not only the one shown. GUI thread.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from desktop.formatting import price_text, short_symbol
from desktop.models.price_alert_store import PriceAlertStore
from desktop.models.price_alerts import PriceAlert, PriceAlerts
from desktop.widgets.chart import CandleChart
from engine.events import Alert
from engine.market.instruments import Instrument
from engine.trading_types import AlertLevel
from engine.views import Candle


class PriceAlertDesk(QObject):
    """`crossed(Alert)` once for each alert; whoever listens tells the person and makes a sound."""

    crossed = Signal(object)

    def __init__(
        self,
        chart: CandleChart,
        instrument_of: Callable[[str], Instrument | None],
        now_ms: Callable[[], int],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._symbols: dict[CandleChart, str] = {}  # what each chart shows
        self._instrument_of = instrument_of
        self._now_ms = now_ms
        self._alerts = PriceAlerts()
        self._store: PriceAlertStore | None = None
        self._last_prices: dict[str, float] = {}
        self._main = chart
        self.add_chart(chart)

    def add_chart(self, chart: CandleChart) -> None:
        """One more that shows alerts and makes them."""
        self._symbols[chart] = ""
        chart.alert_wanted.connect(lambda price: self._add(self._symbols.get(chart, ""), price))
        chart.alert_moved.connect(self._move)
        chart.alert_removed.connect(self._remove)

    def remove_chart(self, chart: CandleChart) -> None:
        self._symbols.pop(chart, None)

    def keep_in(self, folder: Path) -> None:
        """Read what was kept there, and keep every change there from now on."""
        self._store = PriceAlertStore(folder)
        self._store.load(self._alerts)
        for symbol in set(self._symbols.values()):
            self._show(symbol)

    def show_symbol(self, symbol: str) -> None:
        """The main chart's, whose candles are watched too."""
        self._alerts.forget_candle(symbol)
        self.show_on(self._main, symbol)

    def show_on(self, chart: CandleChart, symbol: str) -> None:
        self._symbols[chart] = symbol
        chart.set_alerts(self._alerts.of(symbol))

    def forget_candle(self) -> None:
        """Candles of another length follow, or of after a gap."""
        self._alerts.forget_candle(self._symbols[self._main])

    def set_price(self, symbol: str, price: float) -> None:
        self._last_prices[symbol] = price
        self._tell(symbol, self._alerts.at_price(symbol, price))

    def set_candle(self, symbol: str, candle: Candle) -> None:
        self._last_prices[symbol] = candle.close
        self._tell(symbol, self._alerts.at_candle(symbol, candle))

    # --- what the hand wants -----------------------------------------------------

    def _add(self, symbol: str, price: Decimal) -> None:
        last = self._last_prices.get(symbol)
        if last is not None:
            self._alerts.add(symbol, price, last)
        self._changed(symbol)

    @Slot(object, object)
    def _move(self, alert: PriceAlert, price: Decimal) -> None:
        last = self._last_prices.get(alert.symbol, float(alert.price))
        self._alerts.move(alert, price, last)
        self._changed(alert.symbol)

    @Slot(object)
    def _remove(self, alert: PriceAlert) -> None:
        self._alerts.remove(alert)
        self._changed(alert.symbol)

    # --- inside ---------------------------------------------------------------------

    def _tell(self, symbol: str, crossed: list[PriceAlert]) -> None:
        if not crossed:
            return
        self._changed(symbol)
        for alert in crossed:
            self.crossed.emit(
                Alert(
                    level=AlertLevel.INFO,
                    code="price.alert",
                    sentence=self._sentence(alert),
                    at_ms=self._now_ms(),
                )
            )

    def _sentence(self, alert: PriceAlert) -> str:
        instrument = self._instrument_of(alert.symbol)
        way = "risen to" if alert.from_below else "fallen to"
        name = short_symbol(alert.symbol, instrument)
        return f"Price alert: {name} has {way} {price_text(alert.price, instrument)}."

    def _changed(self, symbol: str) -> None:
        if self._store is not None:
            self._store.save(symbol, self._alerts.of(symbol))
        self._show(symbol)

    def _show(self, symbol: str) -> None:
        for chart, shown in self._symbols.items():
            if shown == symbol:
                chart.set_alerts(self._alerts.of(symbol))
