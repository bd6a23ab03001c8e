"""A venue for unit tests of order management: honest books, scripted misbehaviour.

`plan("submit", fault)` makes the next submit end in that fault; faults queue up.
What the venue did is in `orders`, `trades` and `calls`. Private events go to
`on_event` at once, or wait in `held` while `holds_events` is set.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from enum import Enum, auto
from functools import partial
from typing import Any

from msgspec.structs import replace

from engine.clock import FakeClock
from engine.errors import NotConnected, OrderRefused, OutcomeUnknown, PerpdeskError, UnknownSymbol
from engine.events import AlgoUpdate, Event, OrderUpdate, StreamStateChanged
from engine.exchange.gateway import DepthSnapshot, ExchangeGateway
from engine.exchange.gateway_orders import BatchResult, NewOrder, OrderAmendment
from engine.market.instruments import Instrument, QuantityRule
from engine.trading_types import (
    ExecutionType,
    MarginType,
    OrderStatus,
    OrderType,
    PositionSide,
    Route,
    Side,
    StreamState,
    TimeInForce,
    WorkingType,
)
from engine.utils.decimals import Number, to_decimal
from engine.views import (
    AccountSettings,
    BalanceView,
    Candle,
    CommissionRates,
    FillView,
    IncomeView,
    LeverageBracket,
    PositionView,
    SymbolSettings,
)

D = Decimal

BTC = Instrument(
    symbol="BTCUSDT",
    base_asset="BTC",
    quote_asset="USDT",
    status="TRADING",
    tick_size=D("0.1"),
    min_price=D("0.1"),
    max_price=D("1000000"),
    limit_quantity=QuantityRule(D("0.001"), D(1000), D("0.001")),
    market_quantity=QuantityRule(D("0.001"), D(100), D("0.001")),
    min_notional=D(50),
    max_open_orders=10,
)


class Loses(Enum):
    """The answer is lost: before the venue acted, or after."""

    BEFORE = auto()
    AFTER = auto()


Fault = Loses | PerpdeskError | Callable[[], None]


class FakeGateway(ExchangeGateway):
    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.orders: dict[int, OrderUpdate] = {}
        self.algos: dict[int, AlgoUpdate] = {}
        self.trades: list[FillView] = []
        self.positions: list[PositionView] = []
        self.balances: list[BalanceView] = []
        self.income: list[IncomeView] = []
        self.calls: list[tuple[str, str]] = []
        self.faults: dict[str, deque[Fault]] = defaultdict(deque)
        self.is_offline = False
        self.is_hedge = False
        self.holds_events = False
        self.held: list[Event] = []
        self._on_event: Callable[[Event], None] = lambda _: None
        self._last_order_id = 5_000_000_000
        self._last_trade_id = 900

    # --- scripting ---------------------------------------------------------------------

    def plan(self, call: str, *faults: Fault) -> None:
        """Next calls of `call` (submit, modify, cancel, cancel_all, query ...) end so."""
        self.faults[call].extend(faults)

    def count(self, call: str) -> int:
        return sum(1 for name, _ in self.calls if name == call)

    def go_live(self) -> None:
        self.say(StreamState.LIVE)

    def say(self, state: StreamState) -> None:
        self._on_event(StreamStateChanged(route=Route.PRIVATE, state=state, sentence=""))

    def release(self) -> None:
        """Deliver what was held back, in order."""
        held, self.held, self.holds_events = self.held, [], False
        for event in held:
            self._on_event(event)

    def emit(self, event: Event) -> None:
        if self.holds_events:
            self.held.append(event)
        else:
            self._on_event(event)

    def fill(
        self, order_id: int, quantity: str, price: str | None = None, *, emits: bool = True
    ) -> OrderUpdate:
        """Somebody trades with a resting order."""
        with self.lock:
            order = self.orders[order_id]
            last_qty, last_price = D(quantity), D(price) if price else order.price
            executed = order.executed_qty + last_qty
            quote = (order.cum_quote or D(0)) + last_qty * last_price
            is_full = executed >= order.orig_qty
            self._last_trade_id += 1
            self._put(
                order,
                status=OrderStatus.FILLED if is_full else OrderStatus.PARTIALLY_FILLED,
                executed_qty=executed,
                cum_quote=quote,
                avg_price=quote / executed,
            )
            trade = FillView(
                symbol=order.symbol,
                trade_id=self._last_trade_id,
                order_id=order_id,
                client_order_id="",
                side=order.side,
                price=last_price,
                quantity=last_qty,
                commission=D("0.01"),
                commission_asset="USDT",
                realized_pnl=D("0.5"),
                time_ms=self.clock.now_ms(),
            )
            self.trades.append(trade)
            update = replace(
                self.orders[order_id],
                execution=ExecutionType.TRADE,
                event_ms=self.clock.now_ms(),
                trade_id=trade.trade_id,
                last_qty=last_qty,
                last_price=last_price,
                commission=trade.commission,
                commission_asset="USDT",
                realized_pnl=trade.realized_pnl,
                cum_quote=None,
            )
        if emits:
            self.emit(update)
        return update

    def end(
        self, order_id: int, status: OrderStatus = OrderStatus.CANCELED, *, emits: bool = True
    ) -> OrderUpdate:
        """The venue ends an order of its own accord."""
        with self.lock:
            update = self._put(self.orders[order_id], status=status)
        if emits:
            self._emit_as(update, ExecutionType.CANCELED)
        return update

    # --- orders ------------------------------------------------------------------------

    def submit_order(
        self,
        symbol: str,
        side: Side | str,
        order_type: OrderType | str,
        quantity: Number,
        price: Number | None = None,
        *,
        time_in_force: TimeInForce | str | None = None,
        reduce_only: bool = False,
        position_side: PositionSide | str = PositionSide.BOTH,
        client_order_id: str | None = None,
    ) -> OrderUpdate:
        loses = self._begin("submit", client_order_id or "")
        with self.lock:
            self._last_order_id += 1
            update = OrderUpdate(
                symbol=symbol,
                client_order_id=client_order_id or f"web_{self._last_order_id}",
                order_id=self._last_order_id,
                side=Side(side),
                type=OrderType(order_type),
                status=OrderStatus.NEW,
                execution=ExecutionType.QUERY,
                price=D(0) if price is None else to_decimal(price, "price"),
                orig_qty=to_decimal(quantity, "quantity"),
                executed_qty=D(0),
                update_ms=self._tick(),
                created_ms=self.clock.now_ms(),
                cum_quote=D(0),
                time_in_force=time_in_force or TimeInForce.GTC,
                reduce_only=reduce_only,
                position_side=PositionSide(position_side),
            )
            self.orders[update.order_id] = update
        self._emit_as(update, ExecutionType.NEW)
        if update.type is OrderType.MARKET:
            self.fill(update.order_id, str(quantity), "60000")
        return self._end(loses, self.orders[update.order_id])

    def modify_order(
        self,
        symbol: str,
        side: Side | str,
        quantity: Number,
        price: Number,
        *,
        order_id: int | None = None,
        client_order_id: str | None = None,
    ) -> OrderUpdate:
        loses = self._begin("modify", str(order_id or client_order_id))
        with self.lock:
            order = self._open(order_id, client_order_id, -2013)
            if D(str(quantity)) <= order.executed_qty:  # the venue's rule: it ends the order
                update = self._put(order, status=OrderStatus.CANCELED)
            else:
                update = self._put(order, price=D(str(price)), orig_qty=D(str(quantity)))
        self._emit_as(update, ExecutionType.AMENDMENT)
        return self._end(loses, update)

    def cancel_order(
        self, symbol: str, *, order_id: int | None = None, client_order_id: str | None = None
    ) -> OrderUpdate:
        loses = self._begin("cancel", str(order_id or client_order_id))
        with self.lock:
            order = self._open(order_id, client_order_id, -2011)
            update = self._put(order, status=OrderStatus.CANCELED)
        self._emit_as(update, ExecutionType.CANCELED)
        return self._end(loses, update)

    def cancel_all_orders(self, symbol: str) -> None:
        loses = self._begin("cancel_all", symbol)
        for update in self.get_book_orders(symbol):
            self.end(update.order_id)
        if loses is Loses.AFTER:
            raise OutcomeUnknown("The connection was reset while waiting for the answer.")

    def query_order(
        self, symbol: str, *, order_id: int | None = None, client_order_id: str | None = None
    ) -> OrderUpdate:
        self._begin("query", str(order_id or client_order_id))
        with self.lock:
            return self._find(order_id, client_order_id, -2013)

    def get_book_orders(self, symbol: str | None = None) -> list[OrderUpdate]:
        self._begin("open_orders", symbol or "")
        with self.lock:
            return [
                order
                for order in self.orders.values()
                if not OrderStatus(order.status).is_terminal
                and (symbol is None or order.symbol == symbol)
            ]

    def get_user_trades(
        self,
        symbol: str,
        *,
        from_id: int | None = None,
        order_id: int | None = None,
        start_ms: int | None = None,
        limit: int = 1000,
    ) -> list[FillView]:
        self._begin("trades", symbol)
        with self.lock:
            found = [
                trade
                for trade in self.trades
                if trade.symbol == symbol
                and (from_id is None or trade.trade_id >= from_id)
                and (order_id is None or trade.order_id == order_id)
                and (start_ms is None or trade.time_ms >= start_ms)
            ]
        return found[:limit]

    def test_order(self, order: NewOrder) -> None:
        self._begin("test_order", order.symbol)

    def countdown_cancel_all(self, symbol: str, countdown_ms: int) -> None:
        self._begin("countdown", symbol)

    def submit_orders(self, orders: Sequence[NewOrder]) -> list[BatchResult]:
        return [
            _outcome(
                partial(
                    self.submit_order,
                    order.symbol,
                    order.side,
                    order.type,
                    order.quantity,
                    order.price,
                    time_in_force=order.time_in_force,
                    reduce_only=order.reduce_only,
                    position_side=order.position_side,
                    client_order_id=order.client_order_id,
                )
            )
            for order in orders
        ]

    def modify_orders(self, amendments: Sequence[OrderAmendment]) -> list[BatchResult]:
        return [
            _outcome(
                partial(
                    self.modify_order,
                    one.symbol,
                    one.side,
                    one.quantity,
                    one.price,
                    order_id=one.order_id,
                    client_order_id=one.client_order_id,
                )
            )
            for one in amendments
        ]

    def cancel_orders(
        self,
        symbol: str,
        *,
        order_ids: Sequence[int] = (),
        client_order_ids: Sequence[str] = (),
    ) -> list[BatchResult]:
        keys: list[dict[str, Any]] = [{"order_id": one} for one in order_ids]
        keys += [{"client_order_id": one} for one in client_order_ids]
        return [_outcome(partial(self.cancel_order, symbol, **key)) for key in keys]

    # --- conditional orders: they rest until cancelled ----------------------------------

    def place_algo_order(
        self,
        symbol: str,
        side: Side | str,
        order_type: OrderType | str,
        quantity: Number | None = None,
        *,
        trigger_price: Number | None = None,
        price: Number | None = None,
        callback_pct: Number | None = None,
        activate_price: Number | None = None,
        close_position: bool = False,
        reduce_only: bool = False,
        position_side: PositionSide | str = PositionSide.BOTH,
        working_type: WorkingType | str = WorkingType.CONTRACT_PRICE,
        price_protect: bool = False,
        time_in_force: TimeInForce | str | None = None,
        client_algo_id: str | None = None,
    ) -> AlgoUpdate:
        loses = self._begin("place_algo", client_algo_id or "")
        with self.lock:
            if close_position and any(
                algo.close_position and (algo.symbol, algo.side) == (symbol, side)
                for algo in self.algos.values()
                if algo.status == "NEW"
            ):
                raise OrderRefused(-4130, "A closing order of this direction exists.", 400)
            algo_id = 1_000_000_000_000_001 + len(self.algos)
            update = AlgoUpdate(
                algo_id=algo_id,
                client_algo_id=client_algo_id or f"algo_{algo_id}",
                symbol=symbol,
                side=Side(side),
                type=OrderType(order_type),
                status="NEW",
                quantity=_amount(quantity),
                trigger_price=_amount(trigger_price),
                price=_amount(price),
                event_ms=self._tick(),
                position_side=PositionSide(position_side),
                reduce_only=reduce_only,
                close_position=close_position,
                working_type=WorkingType(working_type),
                activate_price=_amount(activate_price),
                callback_pct=_amount(callback_pct),
                price_protect=price_protect,
                time_in_force=time_in_force or TimeInForce.GTC,
            )
            self.algos[algo_id] = update
        self.emit(update)
        if loses is Loses.AFTER:
            raise OutcomeUnknown("The connection was reset while waiting for the answer.")
        return update

    def cancel_algo_order(
        self, *, algo_id: int | None = None, client_algo_id: str | None = None
    ) -> None:
        loses = self._begin("cancel_algo", str(algo_id or client_algo_id))
        self._end_algo(self._find_algo(algo_id, client_algo_id, -2011))
        if loses is Loses.AFTER:
            raise OutcomeUnknown("The connection was reset while waiting for the answer.")

    def cancel_all_algo_orders(self, symbol: str) -> None:
        loses = self._begin("cancel_all_algo", symbol)
        for algo in self.get_open_algo_orders(symbol):
            if algo.status == "NEW":
                self._end_algo(algo)
        if loses is Loses.AFTER:
            raise OutcomeUnknown("The connection was reset while waiting for the answer.")

    def query_algo_order(
        self, *, algo_id: int | None = None, client_algo_id: str | None = None
    ) -> AlgoUpdate:
        self._begin("query_algo", str(algo_id or client_algo_id))
        return self._find_algo(algo_id, client_algo_id, -2013, is_open=False)

    def get_open_algo_orders(self, symbol: str | None = None) -> list[AlgoUpdate]:
        self._begin("open_algos", symbol or "")
        with self.lock:
            return [
                algo
                for algo in self.algos.values()
                if algo.status in ("NEW", "TRIGGERING", "TRIGGERED")
                and symbol in (None, algo.symbol)
            ]

    def turn_algo(
        self, algo_id: int, status: str, *, emits: bool = True, **more: Any
    ) -> AlgoUpdate:
        """The venue moves a conditional order on: TRIGGERING, TRIGGERED, REJECTED ..."""
        with self.lock:
            update = replace(self.algos[algo_id], status=status, event_ms=self._tick(), **more)
            self.algos[algo_id] = update
        if emits:
            self.emit(update)
        return update

    def trigger_algo(self, algo_id: int, *, emits: bool = True) -> int:
        """It becomes a market order that fills. Returns the order's id."""
        algo = self.algos[algo_id]
        self.turn_algo(algo_id, "TRIGGERING", emits=emits)
        held, self.holds_events = self.holds_events, self.holds_events or not emits
        kept = len(self.held)
        order = self.submit_order(algo.symbol, algo.side, "MARKET", algo.quantity)
        self.holds_events = held
        if not emits:
            del self.held[kept:]
        self.turn_algo(algo_id, "TRIGGERED", emits=emits, order_id=order.order_id)
        self.turn_algo(algo_id, "FINISHED", emits=emits)
        return order.order_id

    def _end_algo(self, algo: AlgoUpdate) -> None:
        with self.lock:
            update = replace(algo, status="CANCELED", event_ms=self._tick())
            self.algos[algo.algo_id] = update
        self.emit(update)

    def _find_algo(
        self, algo_id: int | None, client_id: str | None, code: int, *, is_open: bool = True
    ) -> AlgoUpdate:
        with self.lock:
            for algo in self.algos.values():
                is_named = client_id and algo.client_algo_id == client_id
                if (algo.algo_id == algo_id or is_named) and (algo.status == "NEW" or not is_open):
                    return algo
        raise OrderRefused(code, "Unknown order sent.", 400)

    # --- account and market --------------------------------------------------------------

    def get_account_balance(self) -> list[BalanceView]:
        self._begin("balance", "")
        return list(self.balances)

    def get_positions(self, symbol: str | None = None) -> list[PositionView]:
        self._begin("positions", symbol or "")
        return list(self.positions)

    def set_leverage(self, symbol: str, leverage: int) -> int:
        self._begin("leverage", symbol)
        return leverage

    def get_leverage(self, symbol: str) -> int:
        return 20

    def is_hedge_mode(self) -> bool:
        self._begin("is_hedge_mode", "")
        return self.is_hedge

    def set_hedge_mode(self, is_on: bool) -> None:
        self._begin("hedge_mode", str(is_on))
        self.is_hedge = is_on

    def set_margin_type(self, symbol: str, margin_type: MarginType | str) -> None:
        self._begin("margin_type", symbol)

    def get_account_settings(self) -> AccountSettings:
        return AccountSettings(is_hedge_mode=self.is_hedge)

    def get_symbol_settings(self, symbol: str | None = None) -> list[SymbolSettings]:
        name = symbol or BTC.symbol
        return [SymbolSettings(symbol=name, margin_type=MarginType.CROSSED, leverage=20)]

    def get_leverage_brackets(
        self, symbol: str | None = None
    ) -> Mapping[str, Sequence[LeverageBracket]]:
        return {}

    def get_commission_rates(self, symbol: str) -> CommissionRates:
        return CommissionRates(symbol=symbol, maker=D("0.0002"), taker=D("0.0005"))

    def get_income(
        self,
        symbol: str | None = None,
        kind: str | None = None,
        *,
        start_ms: int | None = None,
        end_ms: int | None = None,
        limit: int = 1000,
    ) -> list[IncomeView]:
        self._begin("income", symbol or "")
        return [row for row in self.income if start_ms is None or row.time_ms >= start_ms][:limit]

    def get_exchange_info(self, symbol: str) -> dict[str, Any]:
        if symbol != BTC.symbol:
            raise UnknownSymbol(symbol)
        return {"symbol": symbol, "filters": []}

    def get_exchange_instruments(self) -> Mapping[str, Instrument]:
        eth = replace(BTC, symbol="ETHUSDT", base_asset="ETH")
        return {"BTCUSDT": BTC, "ETHUSDT": eth}

    def get_ohlc_data(
        self,
        symbol: str,
        interval: str,
        limit: int = 500,
        *,
        start_ms: int | None = None,
        end_ms: int | None = None,
    ) -> list[Candle]:
        return []

    def get_depth(self, symbol: str, limit: int = 1000) -> DepthSnapshot:
        return DepthSnapshot(symbol, 1, (), ())

    def get_mark_price(self, symbol: str) -> Decimal:
        self._begin("mark_price", symbol)
        return D(60000)

    def server_now_ms(self) -> int:
        return self.clock.now_ms()

    def urgent_open_orders(self, symbol: str | None = None) -> list[OrderUpdate]:
        return self.get_book_orders(symbol)

    def urgent_algo_orders(self, symbol: str | None = None) -> list[AlgoUpdate]:
        return self.get_open_algo_orders(symbol)

    def urgent_positions(self, symbol: str | None = None) -> list[PositionView]:
        return [p for p in self.get_positions(symbol) if symbol in (None, p.symbol)]

    def start_user_stream(self, on_event: Callable[[Event], None]) -> None:
        self._on_event = on_event

    def renew_user_stream(self, why: str) -> None:
        self._begin("renew_user_stream", why)

    def subscribe(self, streams: Sequence[str], callback: Callable[[Event], None]) -> None:
        raise NotImplementedError

    def unsubscribe(self, streams: Sequence[str]) -> None:
        raise NotImplementedError

    def close(self, timeout_s: float = 3.0) -> None:
        self.is_offline = True

    # --- inside --------------------------------------------------------------------------

    def _begin(self, call: str, what: str) -> Loses | None:
        with self.lock:
            self.calls.append((call, what))
            fault = self.faults[call].popleft() if self.faults[call] else None
        if self.is_offline:
            raise NotConnected("The exchange cannot be reached.")
        if callable(fault):
            fault()
            return None
        if isinstance(fault, PerpdeskError):
            raise fault
        if fault is Loses.BEFORE:
            raise OutcomeUnknown("The connection was reset while waiting for the answer.")
        return fault

    def _end(self, loses: Loses | None, update: OrderUpdate) -> OrderUpdate:
        if loses is Loses.AFTER:
            raise OutcomeUnknown("The connection was reset while waiting for the answer.")
        return update

    def _find(self, order_id: int | None, client_id: str | None, code: int) -> OrderUpdate:
        for order in reversed(list(self.orders.values())):
            if order.order_id == order_id or (client_id and order.client_order_id == client_id):
                return order
        text = "Unknown order sent." if code == -2011 else "Order does not exist."
        raise OrderRefused(code, text, 400)

    def _open(self, order_id: int | None, client_id: str | None, code: int) -> OrderUpdate:
        order = self._find(order_id, client_id, code)
        if OrderStatus(order.status).is_terminal:
            raise OrderRefused(code, "Unknown order sent.", 400)
        return order

    def _put(self, order: OrderUpdate, **changes: Any) -> OrderUpdate:
        update = replace(order, update_ms=self._tick(), **changes)
        self.orders[order.order_id] = update
        return update

    def _tick(self) -> int:
        self.clock.advance(0.001)
        return self.clock.now_ms()

    def _emit_as(self, update: OrderUpdate, execution: ExecutionType) -> None:
        event = replace(update, execution=execution, event_ms=update.update_ms, cum_quote=None)
        self.emit(event)


def _outcome(call: Callable[[], OrderUpdate]) -> BatchResult:
    try:
        return call()
    except PerpdeskError as error:
        return error


def _amount(value: Number | None) -> Decimal:
    return D(0) if value is None else to_decimal(value, "amount")
