"""One request on its way to the venue, whatever socket it came by."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from engine.paper.paper_account import PaperAccount
from engine.paper.paper_algo_service import AlgoService
from engine.paper.paper_exchange import PaperExchange
from engine.paper.paper_limits import LimitSettings
from engine.paper.paper_listen_keys import ListenKeys
from engine.paper.paper_market import PaperMarket
from engine.paper.paper_order_request import Params, required, whole_number
from engine.paper.paper_refusals import refusal

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """`caller` is None on public calls. `default_stp` differs by way in (venue rule)."""

    exchange: PaperExchange
    algos: AlgoService
    listen_keys: ListenKeys
    limits: LimitSettings
    params: Params
    now_ms: int
    caller: PaperAccount | None = None
    default_stp: str = "EXPIRE_MAKER"
    deadline_ms: int = 0  # 0: none

    def check_deadline(self) -> None:
        """The matching engine's own look at the clock: raises -5028 when it is too late."""
        if 0 < self.deadline_ms < self.now_ms:
            raise refusal(-5028)

    @property
    def account(self) -> PaperAccount:
        assert self.caller is not None, "only signed calls ask for the account"
        return self.caller

    def market(self) -> PaperMarket:
        """The symbol's market. Raises -1102 without a symbol and -1121 on a wrong one."""
        return self.exchange.market(required(self.params, "symbol"))

    def markets(self) -> list[PaperMarket]:
        """The symbol's market, or all of them when none is named."""
        if self.params.get("symbol"):
            return [self.market()]
        return list(self.exchange.markets.values())

    def one_or_all(self, row: Callable[[PaperMarket], object]) -> object:
        """A bare object with `symbol`, a list without (venue rule of the tickers)."""
        if self.params.get("symbol"):
            return row(self.market())
        return [row(market) for market in self.exchange.markets.values()]

    def limit(self, default: int, highest: int) -> int:
        number = whole_number(self.params, "limit")
        if number is None:
            return default
        if number < 1:
            raise refusal(-1130, "Data sent for parameter 'limit' is not valid.")
        return min(number, highest)

    def times(self, longest_ms: int | None = None) -> tuple[int | None, int | None]:
        """startTime and endTime. Raises -1023 and, beyond `longest_ms`, -4165."""
        start_ms = whole_number(self.params, "startTime")
        end_ms = whole_number(self.params, "endTime")
        if start_ms is not None and end_ms is not None:
            if start_ms > end_ms:
                raise refusal(-1023)
            if longest_ms is not None and end_ms - start_ms > longest_ms:
                raise refusal(-4165, f"Invalid time interval: at most {longest_ms} ms.")
        return start_ms, end_ms


Handler = Callable[[Call], object]
