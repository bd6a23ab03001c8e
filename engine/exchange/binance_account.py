"""The account and its settings at Binance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.errors import BadInput, OrderRefused
from engine.exchange.gateway_account import AccountCalls
from engine.exchange.order_requests import member
from engine.exchange.translate_rows import (
    account_settings_from,
    balance_from_row,
    bracket_from_row,
    commission_from_reply,
    income_from_row,
    position_from_row,
    symbol_settings_from_row,
)
from engine.exchange.venue_calls import VenueCalls
from engine.trading_types import MarginType
from engine.views import (
    AccountSettings,
    BalanceView,
    CommissionRates,
    IncomeView,
    LeverageBracket,
    PositionView,
    SymbolSettings,
)
from engine.wire.rest_messages import (
    AccountConfig,
    BalanceRow,
    CommissionReply,
    ErrorReply,
    IncomeRow,
    LeverageReply,
    PositionRow,
    SymbolBrackets,
    SymbolConfig,
)

_MARGIN_TYPE_IS_SO = -4046
_POSITION_MODE_IS_SO = -4059

# for one symbol the venue answers a list of one, or the bare object
_BRACKETS: Any = list[SymbolBrackets] | SymbolBrackets


class BinanceAccount(AccountCalls):
    """See AccountCalls."""

    _calls: VenueCalls

    def get_account_balance(self) -> list[BalanceView]:
        return [balance_from_row(row) for row in self._calls.call("balance", list[BalanceRow])]

    def get_positions(self, symbol: str | None = None) -> list[PositionView]:
        rows = self._calls.call("position_risk", list[PositionRow], {"symbol": symbol})
        held = [row for row in rows if row.position_amt]
        if not held:
            return []
        only = symbol or (held[0].symbol if len(held) == 1 else None)
        configs = self._calls.call("symbol_config", list[SymbolConfig], {"symbol": only})
        by_symbol = {config.symbol: config for config in configs}
        return [position_from_row(row, by_symbol.get(row.symbol)) for row in held]

    def set_leverage(self, symbol: str, leverage: int) -> int:
        params = {"symbol": symbol, "leverage": leverage}
        return self._calls.call("set_leverage", LeverageReply, params).leverage

    def get_leverage(self, symbol: str) -> int:
        configs = self._calls.call("symbol_config", list[SymbolConfig], {"symbol": symbol})
        return next((row.leverage for row in configs if row.symbol == symbol), 0)

    def is_hedge_mode(self) -> bool:
        # accountConfig costs 5 where positionSide/dual costs 30
        return self._calls.call("account_config", AccountConfig).dual_side_position

    def get_leverage_brackets(
        self, symbol: str | None = None
    ) -> Mapping[str, Sequence[LeverageBracket]]:
        found = self._calls.call("leverage_bracket", _BRACKETS, {"symbol": symbol})
        rows: list[SymbolBrackets] = found if isinstance(found, list) else [found]
        return {
            row.symbol: tuple(
                bracket_from_row(bracket)
                for bracket in sorted(row.brackets, key=lambda one: one.bracket)
            )
            for row in rows
        }

    def set_margin_type(self, symbol: str, margin_type: MarginType | str) -> None:
        wanted = member(MarginType, margin_type, "margin_type")
        self._set("set_margin_type", {"symbol": symbol, "marginType": wanted}, _MARGIN_TYPE_IS_SO)

    def set_hedge_mode(self, is_on: bool) -> None:
        self._set("set_position_mode", {"dualSidePosition": is_on}, _POSITION_MODE_IS_SO)

    def get_account_settings(self) -> AccountSettings:
        return account_settings_from(self._calls.call("account_config", AccountConfig))

    def get_symbol_settings(self, symbol: str | None = None) -> list[SymbolSettings]:
        rows = self._calls.call("symbol_config", list[SymbolConfig], {"symbol": symbol})
        return [symbol_settings_from_row(row) for row in rows]

    def get_commission_rates(self, symbol: str) -> CommissionRates:
        reply = self._calls.call("commission_rate", CommissionReply, {"symbol": symbol})
        return commission_from_reply(reply)

    def get_income(
        self,
        symbol: str | None = None,
        kind: str | None = None,
        *,
        start_ms: int | None = None,
        end_ms: int | None = None,
        limit: int = 1000,
    ) -> list[IncomeView]:
        if not 1 <= limit <= 1000:
            raise BadInput("limit", f"limit must be from 1 to 1000, not {limit}.", "1000")
        params = {
            "symbol": symbol,
            "incomeType": kind,
            "startTime": start_ms,
            "endTime": end_ms,
            "limit": limit,
        }
        rows = self._calls.call("income", list[IncomeRow], params)
        return [income_from_row(row) for row in sorted(rows, key=lambda row: row.time)]

    def _set(self, name: str, params: Mapping[str, object], is_so_already: int) -> None:
        try:
            self._calls.call(name, ErrorReply, params)
        except OrderRefused as error:
            if error.code != is_so_already:
                raise
