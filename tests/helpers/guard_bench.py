"""Order management on a fake venue with limits to obey, and a store of lock-outs in memory."""

from __future__ import annotations

from decimal import Decimal

from engine.errors import JournalError
from engine.oms.risk_rules import RiskLimits
from engine.protection_views import LockOut
from engine.trading_types import PositionSide
from engine.views import BalanceView, IncomeView, PositionView
from tests.helpers.oms_bench import OmsBench

D = Decimal


class Locks:
    """A store in memory."""

    def __init__(self, kept: LockOut | None = None, *, altered: bool = False) -> None:
        self.kept = kept
        self.altered = altered
        self.breaks = False

    def save(self, lock: LockOut) -> None:
        if self.breaks:
            raise JournalError("The disk is full.")
        self.kept = lock

    def newest(self) -> LockOut | None:
        if self.breaks:
            raise JournalError("The disk is full.")
        return self.kept

    def is_altered(self) -> bool:
        return self.altered


def income(amount: str, kind: str = "REALIZED_PNL", trade_id: str = "", **changes) -> IncomeView:
    row = {"kind": kind, "income": D(amount), "asset": "USDT", "symbol": "BTCUSDT",
           "transaction_id": changes.get("time_ms", 0), "trade_id": trade_id}  # fmt: skip
    return IncomeView(**{**row, **changes})


def bench_of(limits: RiskLimits, locks: Locks | None = None) -> OmsBench:
    """An account of 10,000 USDT, long 1 BTC at 20x, that has lost 20 USDT today."""
    bench = OmsBench(live=False, risk=limits, locks=locks)
    bench.gateway.balances = [BalanceView(asset="USDT", wallet_balance=D(10_000))]
    bench.gateway.positions = [
        PositionView(
            symbol="BTCUSDT", position_side=PositionSide.BOTH, quantity=D(1),
            entry_price=D(60_000), leverage=20, updated_at=1,
        )
    ]  # fmt: skip
    bench.gateway.income = [income("-20", time_ms=bench.clock.now_ms())]
    bench.marks["BTCUSDT"] = D(59_000)
    bench.oms.guard.begin()
    bench.gateway.go_live()
    bench.oms.reconciler.run()
    return bench


def judge(bench: OmsBench) -> None:
    bench.oms.guard.tick(bench.clock.monotonic())
