"""One order of the paper exchange, and how the venue shows it.

Prices are ticks and quantities are steps. A write's answer shows no average
price and no quote total, a query's does (venue rule since 2026-07-15).
"""

from __future__ import annotations

import secrets
from decimal import Decimal

import msgspec

from engine.paper.paper_grid import Grid, money

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
OPEN_STATUSES = frozenset({"NEW", "PARTIALLY_FILLED"})
NEVER_MS = 0


def new_client_id() -> str:
    """As the venue makes them up: 22 letters and digits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(22))


class PaperOrder(msgspec.Struct, tag_field="k", tag="order", kw_only=True, eq=False):
    """Changed by PaperExchange alone; written to the state file as it is."""

    account_id: str
    symbol: str
    order_id: int
    client_order_id: str
    side: str
    type: str
    time_in_force: str
    qty_steps: int
    created_ms: int
    updated_ms: int
    price_ticks: int = 0
    position_side: str = "BOTH"
    original_type: str = ""
    status: str = "NEW"
    executed_steps: int = 0
    quote_units: int = 0  # ticks x steps
    reduce_only: bool = False
    close_position: bool = False
    stop_ticks: int = 0
    working_type: str = "CONTRACT_PRICE"
    price_protect: bool = False
    price_match: str = "NONE"
    self_trade_prevention: str = "EXPIRE_MAKER"
    good_till_ms: int = NEVER_MS
    amendments: int = 0
    modify_id: int | None = None
    expiry_reason: int = 0
    queue_id: int = 0  # rises whenever the order goes to the back of its queue
    activate_price: str = ""
    callback_rate: str = ""

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES

    @property
    def remaining_steps(self) -> int:
        return self.qty_steps - self.executed_steps

    @property
    def is_buy(self) -> bool:
        return self.side == "BUY"

    @property
    def only_reduces(self) -> bool:
        """May never open: reduce-only, or the closing direction in hedge mode."""
        if self.position_side == "BOTH":
            return self.reduce_only
        return (self.position_side == "LONG") == (self.side == "SELL")

    def take(self, amendment: Amendment) -> None:
        """New price and total quantity, at the back of the queue."""
        self.price_ticks, self.qty_steps = amendment.price_after, amendment.qty_after
        self.amendments = amendment.count
        self.queue_id = amendment.amendment_id
        self.modify_id = amendment.modify_id
        self.updated_ms = amendment.time_ms

    def written(self, grid: Grid) -> dict[str, object]:
        """Answer to placing and cancelling."""
        executed = grid.qty(self.executed_steps)
        return {
            "orderId": self.order_id,
            "symbol": self.symbol,
            "status": self.status,
            "clientOrderId": self.client_order_id,
            "price": grid.price(self.price_ticks),
            "origQty": grid.qty(self.qty_steps),
            "executedQty": executed,
            "cumQty": executed,
            **self._terms(grid),
            "updateTime": self.updated_ms,
        }

    def _terms(self, grid: Grid) -> dict[str, object]:
        """What was asked for; the same in every answer."""
        return {
            "timeInForce": self.time_in_force,
            "type": self.type,
            "reduceOnly": self.reduce_only,
            "closePosition": self.close_position,
            "side": self.side,
            "positionSide": self.position_side,
            "stopPrice": grid.price(self.stop_ticks),
            "workingType": self.working_type,
            "priceProtect": self.price_protect,
            "origType": self.original_type or self.type,
            "priceMatch": self.price_match,
            "selfTradePreventionMode": self.self_trade_prevention,
            "goodTillDate": self.good_till_ms,
        }

    def amended(self, grid: Grid) -> dict[str, object]:
        """Answer to amending."""
        reply = self.written(grid)
        reply["pair"] = self.symbol
        if self.modify_id is not None:
            reply["modifyId"] = self.modify_id
        return reply

    def queried(self, grid: Grid) -> dict[str, object]:
        """A row of every order query."""
        row: dict[str, object] = {
            "orderId": self.order_id,
            "symbol": self.symbol,
            "status": self.status,
            "clientOrderId": self.client_order_id,
            "price": grid.price(self.price_ticks),
            "avgPrice": grid.average(self.quote_units, self.executed_steps),
            "origQty": grid.qty(self.qty_steps),
            "executedQty": grid.qty(self.executed_steps),
            "cumQuote": money(grid.quote(self.quote_units)),
            **self._terms(grid),
            "time": self.created_ms,
            "updateTime": self.updated_ms,
        }
        if self.callback_rate:
            row["activatePrice"] = self.activate_price
            row["priceRate"] = self.callback_rate
        return row


class PaperFill(msgspec.Struct, frozen=True, tag_field="k", tag="fill", kw_only=True):
    """One side of one print, as the account that owns it sees it."""

    account_id: str
    symbol: str
    trade_id: int
    order_id: int
    side: str
    position_side: str
    price_ticks: int
    qty_steps: int
    commission: Decimal
    realized: Decimal
    maker: bool
    time_ms: int
    asset: str = "USDT"

    def row(self, grid: Grid) -> dict[str, object]:
        """A row of userTrades."""
        return {
            "symbol": self.symbol,
            "id": self.trade_id,
            "orderId": self.order_id,
            "pair": self.symbol,
            "side": self.side,
            "price": grid.price(self.price_ticks),
            "qty": grid.qty(self.qty_steps),
            "realizedPnl": money(self.realized),
            "marginAsset": self.asset,
            "quoteQty": money(grid.quote(self.price_ticks * self.qty_steps)),
            "baseQty": "0",
            "commission": money(self.commission),
            "commissionAsset": self.asset,
            "time": self.time_ms,
            "positionSide": self.position_side,
            "buyer": self.side == "BUY",
            "maker": self.maker,
        }


class Amendment(msgspec.Struct, frozen=True, tag_field="k", tag="amendment", kw_only=True):
    """One successful change of one order."""

    account_id: str
    symbol: str
    amendment_id: int
    order_id: int
    client_order_id: str
    time_ms: int
    count: int
    price_before: int
    price_after: int
    qty_before: int
    qty_after: int
    modify_id: int | None = None

    def row(self, grid: Grid) -> dict[str, object]:
        """A row of orderAmendment."""
        change: dict[str, object] = {
            "price": {
                "before": grid.price(self.price_before),
                "after": grid.price(self.price_after),
            },
            "origQty": {"before": grid.qty(self.qty_before), "after": grid.qty(self.qty_after)},
            "count": self.count,
        }
        if self.modify_id is not None:
            change["modifyId"] = self.modify_id
        return {
            "amendmentId": self.amendment_id,
            "symbol": self.symbol,
            "pair": self.symbol,
            "orderId": self.order_id,
            "clientOrderId": self.client_order_id,
            "time": self.time_ms,
            "amendment": change,
        }


class IncomeRow(msgspec.Struct, frozen=True, tag_field="k", tag="income", kw_only=True):
    """One change of the wallet. `income` is signed, in `asset`."""

    account_id: str
    tran_id: int
    kind: str
    income: Decimal
    time_ms: int
    symbol: str = ""
    trade_id: str = ""
    info: str = ""
    asset: str = "USDT"

    def row(self) -> dict[str, object]:
        return {
            "symbol": self.symbol,
            "incomeType": self.kind,
            "income": money(self.income),
            "asset": self.asset,
            "time": self.time_ms,
            "info": self.info or self.trade_id,
            "tranId": self.tran_id,
            "tradeId": self.trade_id,
        }


class MarginChange(msgspec.Struct, frozen=True, tag_field="k", tag="margin", kw_only=True):
    """Isolated margin that a person moved; `amount` is above zero when added."""

    account_id: str
    symbol: str
    position_side: str
    amount: Decimal
    time_ms: int
    asset: str = "USDT"

    @property
    def kind(self) -> int:
        """1 added, 2 taken out."""
        return 1 if self.amount > 0 else 2

    def row(self) -> dict[str, object]:
        return {
            "symbol": self.symbol,
            "type": self.kind,
            "deltaType": "USER_ADJUST",
            "amount": money(abs(self.amount)),
            "asset": self.asset,
            "time": self.time_ms,
            "positionSide": self.position_side,
        }
