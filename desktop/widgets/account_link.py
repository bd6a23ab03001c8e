"""What the account holds of the shown symbol, handed to the panels of the market. GUI thread."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, Slot

from desktop.widgets.account_desk import AccountDesk
from desktop.widgets.added_panels import AddedPanels
from desktop.widgets.header_bar import HeaderBar
from desktop.widgets.market_desk import MarketDesk
from engine.market.instruments import Instrument
from engine.trading_types import MarginType


class AccountLink(QObject):
    """Once a frame, whatever number of events touched the same thing."""

    def __init__(
        self,
        account: AccountDesk,
        market: MarketDesk,
        added: AddedPanels,
        header: HeaderBar,
        instruments: Mapping[str, Instrument],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._account = account
        self._market = market
        self._added = added
        self._header = header
        self._instruments = instruments
        market.symbol_shown.connect(self.show_symbol)
        account.leverage_changed.connect(self._show_leverage)
        account.margin_type_changed.connect(self._show_margin_type)
        account.place_refused.connect(market.ticket.show_refusal)
        account.blotter.symbol_chosen.connect(market.show_symbol)

    def show_changes(self) -> None:
        account, market = self._account, self._market
        changes = account.take_changes()
        changed = market.records.take_changed()
        if market.symbol in changed:
            market.lines.show_records()
        self._added.show_changes(changed, changes.order_symbols | changes.position_symbols)
        if market.symbol in changes.order_symbols:
            market.set_orders(account.orders_of(market.symbol))
        if market.symbol in changes.position_symbols:
            market.set_position(account.position_of(market.symbol))
        if changes.has_totals:
            self._show_totals()
        market.ticket.refresh()
        account.blotter.show_counts()

    @Slot()
    def show_symbol(self) -> None:
        """Another symbol is shown: its own orders, position and leverage with it."""
        account, market = self._account, self._market
        account.blotter.set_symbol(market.symbol)
        market.ticket.set_leverage(account.leverage_of(market.symbol))
        market.set_orders(account.orders_of(market.symbol))
        market.set_position(account.position_of(market.symbol))
        self._show_totals()
        market.ticket.refresh()

    def _show_totals(self) -> None:
        account = self._account
        equity = account.equity()
        self._header.set_account(equity, account.models.positions.unrealized_pnl())
        instrument = self._instruments.get(self._market.symbol)
        if instrument is not None:
            self._market.ticket.set_money(
                available=account.available(instrument.quote_asset),
                wallet=account.wallet(instrument.quote_asset, instrument.symbol),
                equity=equity,
            )

    @Slot(object, object)
    def _show_leverage(self, symbol: str, leverage: int) -> None:
        if symbol == self._market.symbol:
            self._market.ticket.set_leverage(leverage)

    @Slot(object, object)
    def _show_margin_type(self, symbol: str, margin_type: MarginType) -> None:
        if symbol == self._market.symbol:
            self._market.ticket.set_margin_type(margin_type)
