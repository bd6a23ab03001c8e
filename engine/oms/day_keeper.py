"""Keeps the day's result: read from the exchange's statement, and by each fill in between.

The statement is dear (weight 30), so it is read at the start, after fills have
come, and now and then; a fill counts at once and until the statement has it.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from decimal import Decimal

from msgspec.structs import replace

from engine.errors import PerpdeskError
from engine.exchange.gateway import ExchangeGateway
from engine.oms.day_result import (
    RESULTS,
    Day,
    Entry,
    day_of,
    day_start_ms,
    lock_outs,
    read_from_ms,
)
from engine.oms.risk_rules import RiskLimits
from engine.protection_views import LockOut
from engine.views import ZERO, FillView, IncomeView

logger = logging.getLogger(__name__)

_PAGE = 1000
_OVERLAP_MS = 60_000  # rows of one moment may be booked in any order
_EVERY_S = 300.0
_AFTER_FILLS_S = 20.0
_RETRY_S = 5.0
# counted as they are: one of them is one USDT
_DOLLARS = frozenset({"USDT", "USDC", "FDUSD", "BUSD", "USD1", "BFUSD", "USD"})

_RowKey = tuple[str, int, str, str, int, Decimal]


class DayKeeper:
    """Thread-safe. `wallet` is the account's USDT now, `price_of` a symbol's; both at once."""

    def __init__(
        self,
        gateway: ExchangeGateway,
        limits: RiskLimits,
        wallet: Callable[[], Decimal],
        price_of: Callable[[str], Decimal | None],
    ) -> None:
        self._gateway = gateway
        self._limits = limits
        self._wallet = wallet
        self._price_of = price_of
        self._lock = threading.Lock()
        self._reading = threading.Lock()  # one thread reads
        self._rows: dict[_RowKey, Entry] = {}
        self._booked: set[tuple[str, str]] = set()  # symbol and trade id in the statement
        self._fills: dict[tuple[str, str], Entry] = {}  # with their fees; not in it yet
        self._heard: deque[FillView] = deque()  # told, and counted when somebody asks
        self._uncounted: set[str] = set()  # assets without a price
        self._newest_ms = 0
        self._sum: Day | None = None  # of today, as if the wallet were empty; None: count anew
        self._is_stale = False
        self._due_s = 0.0
        self.is_read = False

    # --- reading the statement --------------------------------------------------------

    def read(self, now_s: float) -> None:
        """Blocks for a call or a few; `now_s` monotonic. Raises what the gateway raises."""
        with self._reading:
            now_ms = self._gateway.server_now_ms()
            start_ms = max(read_from_ms(now_ms, self._limits), self._newest_ms - _OVERLAP_MS)
            while True:
                rows = self._gateway.get_income(start_ms=start_ms, limit=_PAGE)
                self._take(rows)
                if len(rows) < _PAGE or rows[-1].time_ms <= start_ms:
                    break
                start_ms = rows[-1].time_ms
            self.is_read = True
            # stale again: not before _AFTER_FILLS_S; in any case after _EVERY_S more
            self._due_s = now_s + _AFTER_FILLS_S + _EVERY_S

    def tick(self, now_s: float) -> None:
        """Read when it is time; errors are logged and it is tried again."""
        if now_s < self._due_s and not (self._is_stale and now_s >= self._due_s - _EVERY_S):
            return
        self._is_stale = False
        try:
            self.read(now_s)
        except PerpdeskError as error:
            logger.info("the day's statement was not read: %s", error)
            self._due_s = now_s + _RETRY_S

    def note_fill(self, fill: FillView) -> None:
        """At once, on the thread that applied it, which has more to do: counted when asked."""
        self._heard.append(fill)
        self._is_stale = True

    def note_booking(self) -> None:
        """Something was booked without a fill, such as funding: the statement knows how much."""
        self._is_stale = True

    # --- asking ------------------------------------------------------------------------

    def day(self, now_ms: int) -> Day:
        """Cheap: every order asks."""
        wallet = self._wallet()
        with self._lock:
            self._count_fills()
            began_ms = day_start_ms(now_ms, self._limits.day_begins_at_h)
            if self._sum is None or self._sum.began_ms != began_ms:
                self._sum = day_of(began_ms, self._entries(), ZERO)
            return replace(self._sum, capital=wallet + self._sum.capital)

    def lock_out(self, now_ms: int) -> LockOut | None:
        """What the entries prove, today and of a day whose cool-down reaches into today."""
        wallet = self._wallet()
        with self._lock:
            self._count_fills()
            entries = self._entries()
        return lock_outs(entries, wallet, now_ms, self._limits)

    def uncounted(self) -> tuple[str, ...]:
        """Assets in which something was booked and whose price is not known."""
        with self._lock:
            self._count_fills()
            return tuple(sorted(self._uncounted))

    # --- within -------------------------------------------------------------------------

    def _count_fills(self) -> None:
        while self._heard:
            fill = self._heard.popleft()
            self._sum = None
            key = (fill.symbol, str(fill.trade_id))
            if key not in self._booked:
                fee = self._worth(fill.commission_asset, fill.commission)
                self._fills[key] = Entry(fill.time_ms, fill.realized_pnl - fee)

    def _entries(self) -> list[Entry]:
        return [*self._rows.values(), *self._fills.values()]

    def _take(self, rows: list[IncomeView]) -> None:
        with self._lock:
            self._count_fills()
            for row in rows:
                key = (row.kind, row.transaction_id, row.symbol, row.asset, row.time_ms, row.income)
                is_result = row.kind in RESULTS
                amount = self._worth(row.asset, row.income)
                self._rows[key] = Entry(row.time_ms, amount, is_result)
                self._newest_ms = max(self._newest_ms, row.time_ms)
                if row.kind == "COMMISSION" and row.trade_id:
                    # a trade's fee is booked with its profit: both are here now
                    self._booked.add((row.symbol, row.trade_id))
                    self._fills.pop((row.symbol, row.trade_id), None)
            self._forget()

    def _forget(self) -> None:
        self._sum = None
        from_ms = read_from_ms(self._gateway.server_now_ms(), self._limits)
        old = [key for key, entry in self._rows.items() if entry.at_ms < from_ms]
        for key in old:
            del self._rows[key]
        gone = [key for key, entry in self._fills.items() if entry.at_ms < from_ms]
        for name in gone:
            del self._fills[name]

    def _worth(self, asset: str, amount: Decimal) -> Decimal:
        if not amount or asset in _DOLLARS:
            return amount
        price = self._price_of(f"{asset}USDT")
        if price is None:
            self._uncounted.add(asset)
            return ZERO
        self._uncounted.discard(asset)
        return amount * price
