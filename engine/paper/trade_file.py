"""Reading a public trade file as the exchange publishes it, line by line from disk.

`aggTrades` CSV with or without its header, or a zip that holds one such file:
agg_trade_id, price, quantity, first_trade_id, last_trade_id, transact_time,
is_buyer_maker. Files are hundreds of megabytes and are never held in memory.
"""

from __future__ import annotations

import contextlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from engine.errors import PaperExchangeError
from engine.paper.contract_specs import CONTRACT_SPECS, ContractSpec
from engine.trading_types import Side

_HEADER = "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker"
_COLUMNS = len(_HEADER.split(","))
_MAKER_WORDS = {"true": True, "false": False}
_UNREADABLE = (OSError, EOFError, zlib.error, zipfile.BadZipFile, UnicodeDecodeError)


class FileTrade(NamedTuple):
    """One row: `side` is the taker's."""

    side: Side
    price_ticks: int
    qty_steps: int
    time_ms: int


class TradeFile:
    """Trades in the file's order. Blocks for disk reads only; not thread-safe.

    Raises PaperExchangeError when the file cannot be opened or, with the number
    of the line, when a line is not a trade.
    """

    def __init__(self, path: Path, spec: ContractSpec) -> None:
        self.path = path
        self._spec = spec
        self._line_number = 0
        self._closing = contextlib.ExitStack()
        self._raw: BinaryIO
        self._size = 1
        try:
            self._text = self._open(path)
        except (*_UNREADABLE, RuntimeError) as error:  # RuntimeError: the zip wants a password
            self.close()
            raise PaperExchangeError(f"The trade file {path} cannot be opened: {error}.") from None
        except PaperExchangeError:
            self.close()
            raise
        self._rows = self._read()

    def next(self) -> FileTrade | None:
        """The next trade; None at the end of the file."""
        return next(self._rows, None)

    @property
    def share_read(self) -> float:
        """How much of the file has been read, 0 to 1."""
        return min(1.0, self._raw.tell() / self._size)

    def close(self) -> None:
        self._closing.close()

    def _open(self, path: Path) -> io.TextIOWrapper:
        if not zipfile.is_zipfile(path):
            raw: BinaryIO = self._closing.enter_context(path.open("rb"))
            self._size = max(1, path.stat().st_size)
        else:
            archive = self._closing.enter_context(zipfile.ZipFile(path))
            names = [name for name in archive.namelist() if name.lower().endswith(".csv")]
            if len(names) != 1:
                raise PaperExchangeError(
                    f"The archive {path} holds {len(names)} CSV files; it should hold one."
                )
            raw = cast(BinaryIO, self._closing.enter_context(archive.open(names[0])))
            self._size = max(1, archive.getinfo(names[0]).file_size)
        self._raw = raw
        return self._closing.enter_context(io.TextIOWrapper(raw, encoding="utf-8"))

    def _read(self) -> Iterator[FileTrade]:
        while True:
            self._line_number += 1
            try:
                line = self._text.readline()
            except _UNREADABLE as error:
                raise self._fault(f"cannot be read: {error}") from None
            if not line:
                return
            words = line.strip()
            if not words or (self._line_number == 1 and words.lower() == _HEADER):
                continue
            yield self._trade(words.split(","))

    def _trade(self, cells: list[str]) -> FileTrade:
        if len(cells) != _COLUMNS:
            raise self._fault(f"has {len(cells)} columns instead of {_COLUMNS}")
        maker = _MAKER_WORDS.get(cells[6].strip().lower())
        if maker is None:
            raise self._fault(f"says {cells[6]!r} where true or false belongs")
        try:
            price, qty, time_ms = Decimal(cells[1]), Decimal(cells[2]), int(cells[5])
            ticks = round(price / self._spec.tick_size)
            steps = max(1, round(qty / self._spec.step_size))
        except (InvalidOperation, ValueError, OverflowError):
            raise self._fault("holds something that is not a number") from None
        if not self._spec.min_price <= price <= self._spec.max_price:
            raise self._fault(f"has a price of {price}, which {self._spec.symbol} cannot have")
        if qty <= 0 or time_ms <= 0:
            raise self._fault("has a quantity or a time that is not positive")
        return FileTrade(Side.SELL if maker else Side.BUY, ticks, steps, time_ms)

    def _fault(self, what: str) -> PaperExchangeError:
        return PaperExchangeError(f"Line {self._line_number} of {self.path} {what}.")


def symbol_of(path: Path) -> str:
    """The contract that a file named as the exchange names them is about.

    Raises PaperExchangeError when the name does not begin with a listed symbol.
    """
    symbol = path.name.partition("-")[0].upper()
    if symbol not in CONTRACT_SPECS:
        raise PaperExchangeError(
            f"The name of {path} should begin with a contract, as in "
            f"BTCUSDT-aggTrades-2026-11-22.zip; listed are {', '.join(CONTRACT_SPECS)}."
        )
    return symbol
