"""A conditional order: known to the venue, not yet in the book."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.paper.paper_grid import Grid

ALGO_IDS = 2_000_000_000_000_000  # added to the venue's rising ids
OPEN_ALGO_STATUSES = frozenset({"NEW", "TRIGGERING", "TRIGGERED"})


class PaperAlgoOrder(msgspec.Struct, tag_field="k", tag="algo", kw_only=True, eq=False):
    """Changed by AlgoService alone. `trigger` and `price` in ticks, 0 for none."""

    account_id: str
    symbol: str
    algo_id: int
    client_algo_id: str
    side: str
    type: str
    time_in_force: str
    created_ms: int
    updated_ms: int
    qty_steps: int = 0
    price_ticks: int = 0
    trigger_ticks: int = 0
    position_side: str = "BOTH"
    status: str = "NEW"
    working_type: str = "CONTRACT_PRICE"
    price_match: str = "NONE"
    price_protect: bool = False
    reduce_only: bool = False
    close_position: bool = False
    self_trade_prevention: str = "EXPIRE_MAKER"
    good_till_ms: int = 0
    activate_ticks: int = 0
    callback_rate: Decimal = Decimal(0)
    is_active: bool = False  # trailing: the activation price was reached
    extreme_ticks: int = 0  # trailing: the best price since then
    triggered_ms: int = 0
    order_id: int = 0
    order_type: str = ""
    executed_steps: int = 0  # of the order in the book
    quote_units: int = 0
    held_position: bool = False  # close-position: there has been one to close
    reject_reason: str = ""

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_ALGO_STATUSES

    @property
    def actual_order_id(self) -> str:
        return str(self.order_id) if self.order_id else ""

    @property
    def waits(self) -> bool:
        """Not triggered yet, so it can be cancelled here."""
        return self.status == "NEW"

    @property
    def is_buy(self) -> bool:
        return self.side == "BUY"

    @property
    def is_trailing(self) -> bool:
        return self.type == "TRAILING_STOP_MARKET"

    @property
    def is_stop(self) -> bool:
        return self.type in ("STOP", "STOP_MARKET")

    @property
    def is_limit(self) -> bool:
        return self.type in ("STOP", "TAKE_PROFIT")

    def written(self, grid: Grid) -> dict[str, object]:
        """Answer to placing."""
        return {
            "algoId": self.algo_id,
            "clientAlgoId": self.client_algo_id,
            "algoType": "CONDITIONAL",
            "orderType": self.type,
            "symbol": self.symbol,
            "side": self.side,
            "positionSide": self.position_side,
            "timeInForce": self.time_in_force,
            "quantity": grid.qty(self.qty_steps),
            "algoStatus": self.status,
            "triggerPrice": grid.price(self.trigger_ticks),
            "price": grid.price(self.price_ticks),
            "icebergQuantity": None,
            "selfTradePreventionMode": self.self_trade_prevention,
            "workingType": self.working_type,
            "priceMatch": self.price_match,
            "closePosition": self.close_position,
            "priceProtect": self.price_protect,
            "reduceOnly": self.reduce_only,
            "activatePrice": grid.price(self.activate_ticks) if self.activate_ticks else "",
            "callbackRate": f"{self.callback_rate:f}" if self.callback_rate else "",
            "createTime": self.created_ms,
            "updateTime": self.updated_ms,
            "triggerTime": self.triggered_ms,
            "goodTillDate": self.good_till_ms,
        }

    def queried(self, grid: Grid, *, in_list: bool) -> dict[str, object]:
        """A row of the algo queries."""
        row = self.written(grid)
        row["actualOrderId"] = self.actual_order_id
        row["actualPrice"] = grid.average(self.quote_units, self.executed_steps)
        row["tpOrderType"] = ""
        if in_list:
            row["tpTriggerPrice"] = row["tpPrice"] = grid.price_zero
            row["slTriggerPrice"] = row["slPrice"] = grid.price_zero
        else:
            row["actualType"] = self.order_type
            row["actualQty"] = grid.qty(self.executed_steps)
        return row

    def event_body(self, grid: Grid) -> dict[str, object]:
        """The `o` of ALGO_UPDATE."""
        body: dict[str, object] = {
            "caid": self.client_algo_id,
            "aid": self.algo_id,
            "at": "CONDITIONAL",
            "o": self.type,
            "s": self.symbol,
            "S": self.side,
            "ps": self.position_side,
            "f": self.time_in_force,
            "q": grid.qty(self.qty_steps),
            "X": self.status,
            "ai": self.actual_order_id,
            "ap": grid.average(self.quote_units, self.executed_steps),
            "aq": grid.qty(self.executed_steps),
            "tp": grid.price(self.trigger_ticks),
            "p": grid.price(self.price_ticks),
            "V": self.self_trade_prevention,
            "wt": self.working_type,
            "pm": self.price_match,
            "cp": self.close_position,
            "pP": self.price_protect,
            "R": self.reduce_only,
            "tt": self.triggered_ms,
            "gtd": self.good_till_ms,
            "rm": self.reject_reason,
            "ia": self.is_active,
        }
        if self.order_type:
            body["act"] = self.order_type
        return body
