"""The gateway's contract: the account and its settings.

Thread, blocking and errors of every method: see engine.exchange.gateway.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

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


class AccountCalls(ABC):
    @abstractmethod
    def get_account_balance(self) -> list[BalanceView]:
        """Every asset of the futures wallet."""

    @abstractmethod
    def get_positions(self, symbol: str | None = None) -> list[PositionView]:
        """Open positions (quantity not zero), with leverage and liquidation price."""

    @abstractmethod
    def set_leverage(self, symbol: str, leverage: int) -> int:
        """Returns the leverage now in force. Raises InvalidLeverage."""

    @abstractmethod
    def get_leverage(self, symbol: str) -> int:
        """The leverage in force for new positions of `symbol`."""

    @abstractmethod
    def get_leverage_brackets(
        self, symbol: str | None = None
    ) -> Mapping[str, Sequence[LeverageBracket]]:
        """By symbol, smallest positions first; of all symbols when None."""

    @abstractmethod
    def set_margin_type(self, symbol: str, margin_type: MarginType | str) -> None:
        """Refused while the symbol has orders (-4047) or a position (-4048).

        No error when it is so already.
        """

    @abstractmethod
    def is_hedge_mode(self) -> bool:
        """True when long and short are held side by side."""

    @abstractmethod
    def set_hedge_mode(self, is_on: bool) -> None:
        """For the whole account; refused while it has orders (-4067) or positions (-4068).

        No error when it is so already.
        """

    @abstractmethod
    def get_account_settings(self) -> AccountSettings:
        """Position mode, asset mode, and whether the account may trade."""

    @abstractmethod
    def get_symbol_settings(self, symbol: str | None = None) -> list[SymbolSettings]:
        """Margin type and leverage; of all symbols when None."""

    @abstractmethod
    def get_commission_rates(self, symbol: str) -> CommissionRates:
        """What a trade of this symbol costs. Dear (weight 20): keep the answer."""

    @abstractmethod
    def get_income(
        self,
        symbol: str | None = None,
        kind: str | None = None,
        *,
        start_ms: int | None = None,
        end_ms: int | None = None,
        limit: int = 1000,
    ) -> list[IncomeView]:
        """Funding, fees, realized profit ... oldest first; the last 7 days when no time is given.

        `kind` as the venue spells it (FUNDING_FEE, REALIZED_PNL, COMMISSION ...).
        Dear (weight 30). `limit` is at most 1000.
        """
