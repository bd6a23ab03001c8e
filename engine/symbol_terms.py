"""What holds for positions of a symbol, read once where it does not change."""

from __future__ import annotations

import logging
from decimal import Decimal

from engine.errors import PerpdeskError
from engine.events import SymbolTerms
from engine.exchange.gateway import ExchangeGateway
from engine.views import LeverageBracket

logger = logging.getLogger(__name__)


class TermsReader:
    """Thread `queries` only. Brackets and fees are kept: asking for fees is dear."""

    def __init__(self, gateway: ExchangeGateway) -> None:
        self._gateway = gateway
        self._kept: dict[str, tuple[tuple[LeverageBracket, ...], Decimal]] = {}

    def read(self, symbol: str) -> SymbolTerms:
        """Blocks. What cannot be read is left out: the window's estimates do without."""
        try:
            settings = self._gateway.get_symbol_settings(symbol)
            brackets, fee = self._brackets_and_fee(symbol)
        except PerpdeskError as error:
            logger.info("terms not read symbol=%s reason=%s", symbol, error)
            return SymbolTerms(symbol=symbol)
        margin_type = settings[0].margin_type if settings else None
        return SymbolTerms(symbol=symbol, margin_type=margin_type, brackets=brackets, taker_fee=fee)

    def _brackets_and_fee(self, symbol: str) -> tuple[tuple[LeverageBracket, ...], Decimal]:
        if symbol not in self._kept:
            brackets = tuple(self._gateway.get_leverage_brackets(symbol).get(symbol, ()))
            self._kept[symbol] = (brackets, self._gateway.get_commission_rates(symbol).taker)
        return self._kept[symbol]
