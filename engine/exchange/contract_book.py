"""What exchangeInfo says of the contracts, in the venue's words and as our rules."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from engine.errors import UnknownSymbol
from engine.market.instruments import Instrument, instrument_from
from engine.wire.rest_messages import ExchangeInfo

logger = logging.getLogger(__name__)

_PERPETUAL = "PERPETUAL"
_TRADING = "TRADING"


class ContractBook:
    """Fixed once made. `instruments` holds the perpetuals that can be traded now."""

    def __init__(self, info: ExchangeInfo) -> None:
        self._rows = {str(row["symbol"]): row for row in info.symbols if "symbol" in row}
        self.instruments: Mapping[str, Instrument] = MappingProxyType(_tradable(self._rows))

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(sorted(self._rows))

    def description(self, symbol: str) -> dict[str, Any]:
        """The venue's own row, a copy. Raises UnknownSymbol."""
        found = self._rows.get(symbol)
        if found is None:
            raise UnknownSymbol(symbol, self.symbols)
        return dict(found)


def _tradable(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Instrument]:
    found: dict[str, Instrument] = {}
    for symbol, row in rows.items():
        if row.get("contractType") != _PERPETUAL or row.get("status") != _TRADING:
            continue
        try:
            found[symbol] = instrument_from(row)
        except (KeyError, TypeError, ValueError, ArithmeticError):
            # one contract that nobody can read must not keep all others from trading
            logger.warning("contract not readable symbol=%s", symbol)
    return found
