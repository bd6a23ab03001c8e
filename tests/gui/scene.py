"""A window full of a plausible afternoon's trading, as events; seeded."""

from __future__ import annotations

import random
from decimal import Decimal

from engine.events import (
    AggTrade,
    Alert,
    BalanceChanged,
    BookView,
    CandlesLoaded,
    EngineStateChanged,
    Event,
    FillRecorded,
    HealthReport,
    MarkPrice,
    OrderChanged,
    PositionChanged,
    StreamStateChanged,
    SymbolTerms,
    Ticker24h,
)
from engine.events.protection import AlgoChanged, BracketChanged, GuardChanged, PlanChanged
from engine.events.strategies import StrategyChanged, StrategyView
from engine.market.instruments import Instrument, QuantityRule
from engine.protection_views import AlgoView, BracketView, GuardView, PlanView
from engine.trading_types import (
    AlertLevel,
    AlgoStatus,
    BracketState,
    EngineState,
    MarginType,
    OrderStatus,
    OrderType,
    PlanKind,
    PlanState,
    PositionSide,
    Route,
    Side,
    StrategyState,
    StreamState,
    TimeInForce,
)
from engine.views import (
    AmendInFlight,
    BalanceView,
    Candle,
    FillView,
    LeverageBracket,
    OrderView,
    PositionView,
)

NOW_MS = 1_795_448_651_000  # 2026-11-23 15:44:11 UTC
D = Decimal


def instrument(
    base: str, tick: str, step: str, *, notional: str = "5", symbol: str = ""
) -> Instrument:
    rule = QuantityRule(D(step), D("10000000"), D(step))
    return Instrument(
        symbol=symbol or f"{base}USDT",
        base_asset=base,
        quote_asset="USDT",
        status="TRADING",
        tick_size=D(tick),
        min_price=D(tick),
        max_price=D("4529764"),
        limit_quantity=rule,
        market_quantity=rule,
        min_notional=D(notional),
        percent_up=D("1.05"),
        percent_down=D("0.95"),
    )


INSTRUMENTS = {
    made.symbol: made
    for made in (
        instrument("BTC", "0.10", "0.001", notional="100"),
        instrument("ETH", "0.01", "0.001", notional="20"),
        instrument("SOL", "0.0100", "0.01"),
        instrument("BNB", "0.010", "0.01"),
        instrument("XRP", "0.0001", "0.1"),
        instrument("DOGE", "0.000010", "1"),
    )
}
LAST = {
    "BTCUSDT": (64250.1, 0.82),
    "ETHUSDT": (3131.2, -1.47),
    "SOLUSDT": (148.37, 2.61),
    "BNBUSDT": (612.48, 0.05),
    "XRPUSDT": (0.5821, -0.34),
    "DOGEUSDT": (0.12345, 4.92),
}


def order(client_order_id: str = "pd-1", **changes: object) -> OrderView:
    fields: dict[str, object] = {
        "client_order_id": client_order_id,
        "symbol": "BTCUSDT",
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "status": OrderStatus.NEW,
        "price": D("64200.0"),
        "orig_qty": D("0.150"),
        "order_id": 8389765,
        "created_at": NOW_MS - 95_000,
        "updated_at": NOW_MS - 90_000,
    }
    return OrderView(**(fields | changes))  # type: ignore[arg-type]


def fill(trade_id: int = 1, **changes: object) -> FillView:
    fields: dict[str, object] = {
        "symbol": "BTCUSDT",
        "trade_id": trade_id,
        "order_id": 8389765,
        "client_order_id": "pd-1",
        "side": Side.BUY,
        "price": D("64200.0"),
        "quantity": D("0.050"),
        "commission": D("0.64200"),
        "commission_asset": "USDT",
        "is_maker": True,
        "time_ms": NOW_MS,
    }
    return FillView(**(fields | changes))  # type: ignore[arg-type]


def position(**changes: object) -> PositionView:
    fields: dict[str, object] = {
        "symbol": "BTCUSDT",
        "position_side": PositionSide.BOTH,
        "quantity": D("0.250"),
        "entry_price": D("64104.32"),
        "mark_price": D("64249.8"),
        "unrealized_pnl": D("36.37"),
        "realized_pnl": D("81.20"),
        "liquidation_price": D("58120.4"),
        "leverage": 20,
    }
    return PositionView(**(fields | changes))  # type: ignore[arg-type]


def balance(asset: str = "USDT", wallet: str = "10023.44", available: str = "") -> BalanceView:
    return BalanceView(
        asset=asset,
        wallet_balance=D(wallet),
        available_balance=D(available or wallet),
        cross_wallet_balance=D(wallet),
        updated_at=NOW_MS,
    )


def book(
    symbol: str = "BTCUSDT",
    best_bid: float = 64250.0,
    tick: float = 0.1,
    *,
    is_synced: bool = True,
    levels: int = 60,
) -> BookView:
    dice = random.Random(7)
    digits = 6 if tick < 0.001 else 4 if tick < 0.01 else 2 if tick < 0.1 else 1

    def side(direction: int, start: float) -> tuple[tuple[float, float], ...]:
        prices = (round(start + direction * tick * level, digits) for level in range(levels))
        return tuple((price, round(dice.expovariate(0.6) + 0.02, 3)) for price in prices)

    return BookView(
        symbol=symbol,
        bids=side(-1, best_bid),
        asks=side(1, round(best_bid + tick, digits)),
        event_ms=NOW_MS,
        is_synced=is_synced,
    )


def candles(last: float = 64250.1, count: int = 400, interval_ms: int = 60_000) -> CandlesLoaded:
    dice = random.Random(11)
    made: list[Candle] = []
    close, spread = last, last * 0.00042
    for number in range(count):
        opened = close + dice.gauss(0, spread)
        open_ms = (NOW_MS // interval_ms - number) * interval_ms
        made.append(
            Candle(
                open_ms=open_ms,
                close_ms=open_ms + interval_ms - 1,
                open=round(opened, 1),
                high=round(max(opened, close) + dice.expovariate(2 / spread), 1),
                low=round(min(opened, close) - dice.expovariate(2 / spread), 1),
                close=round(close, 1),
                volume=round(dice.expovariate(0.02) + abs(close - opened), 3),
                is_closed=number > 0,
            )
        )
        close = opened
    return CandlesLoaded(
        request_id="candles-1", symbol="BTCUSDT", interval="1m", candles=tuple(reversed(made))
    )


def streams(state: StreamState = StreamState.LIVE) -> list[Event]:
    return [
        StreamStateChanged(route=route, state=state, sentence=f"The {route} stream is {state}.")
        for route in Route
    ]


def health() -> HealthReport:
    return HealthReport(
        order_rtt_p50_ms=11.7,
        order_rtt_p99_ms=31.2,
        clock_offset_ms=3.2,
        clock_error_ms=1.4,
        weight_used=34,
        weight_limit=2400,
        orders_used=2,
        orders_limit=300,
        messages_per_s=412.0,
        last_data_age_s={"public": 0.01, "market": 0.02, "private": 1.3},
        decode_errors=0,
    )


def market() -> list[Event]:
    made: list[Event] = [candles(), book()]
    dice = random.Random(3)
    for symbol, (last, change_pct) in LAST.items():
        made.append(
            Ticker24h(
                symbol=symbol,
                event_ms=NOW_MS,
                change=last * change_pct / 100,
                change_pct=change_pct,
                last_price=last,
                open=last,
                high=last * 1.013,
                low=last * 0.984,
                volume=1e5,
                quote_volume=12.84e9,
            )
        )
        made.append(
            MarkPrice(
                symbol=symbol,
                event_ms=NOW_MS,
                mark_price=round(last * 0.999995, 5),
                funding_rate="0.00010000",
                next_funding_ms=NOW_MS + 11_564_000,
            )
        )
    for number in range(40):
        made.append(  # noqa: PERF401 (reads better beside its neighbours)
            AggTrade(
                symbol="BTCUSDT",
                event_ms=NOW_MS,
                trade_ms=NOW_MS - (40 - number) * 700,
                trade_id=number + 1,
                price=round(64250.1 - (number % 7) * 0.1, 1) if number < 39 else 64250.1,
                quantity=round(dice.expovariate(3) + 0.002, 3),
                is_buyer_maker=dice.random() < 0.5,
            )
        )
    return made


def account() -> list[Event]:
    """Orders in every state of knowledge, two positions, fills, history, balances, alerts."""
    sell = {"side": Side.SELL, "price": D("64310.0")}
    open_orders = [
        order("pd-1", price=D("64246.0"), orig_qty=D("0.120")),
        order("pd-2", price=D("64120.0"), orig_qty=D("0.500"), executed_qty=D("0.180"),
              status=OrderStatus.PARTIALLY_FILLED),
        order("pd-3", **sell, orig_qty=D("0.250"), reduce_only=True),
        order("pd-4", side=Side.SELL, price=D("64252.4"), orig_qty=D("0.080"),
              status=OrderStatus.PENDING_NEW, order_id=None),
        order("pd-5", price=D("64060.0"), orig_qty=D("0.300"), status=OrderStatus.UNKNOWN,
              reason="The connection broke after sending; asking the exchange."),
        order("pd-6", side=Side.SELL, price=D("64400.0"), time_in_force=TimeInForce.GTX,
              amend=AmendInFlight(price=D("64380.0"), quantity=D("0.150"))),
        order("pd-7", symbol="ETHUSDT", price=D("3080.50"), orig_qty=D("2.000"),
              status=OrderStatus.PENDING_CANCEL),
    ]  # fmt: skip
    ended = [
        order("pd-h1", status=OrderStatus.FILLED, executed_qty=D("0.150"), avg_price=D("64200.0"),
              commission=D("3.85200"), commission_asset="USDT"),
        order("pd-h2", status=OrderStatus.CANCELED, price=D("63900.0")),
        order("pd-h3", status=OrderStatus.REJECTED, price=D("64300.0"),
              reason="Due to the order could not be executed as maker it was refused (-5022)"),
        order("pd-h4", type=OrderType.MARKET, price=D(0), side=Side.SELL, executed_qty=D("0.150"),
              avg_price=D("64281.37"), status=OrderStatus.FILLED, realized_pnl=D("12.21"),
              commission=D("4.82110"), commission_asset="USDT"),
        order("pd-h5", status=OrderStatus.EXPIRED, time_in_force=TimeInForce.IOC),
    ]  # fmt: skip
    fills = [
        fill(n, price=D("64200.0") + n, time_ms=NOW_MS - (9 - n) * 60_000,
             side=Side.BUY if n % 3 else Side.SELL,
             realized_pnl=D(0) if n % 3 else D("4.07"), is_maker=bool(n % 2))
        for n in range(1, 9)
    ]  # fmt: skip
    eth = position(
        symbol="ETHUSDT", quantity=D("-2.000"), entry_price=D("3120.55"),
        mark_price=D("3131.20"), unrealized_pnl=D("-21.30"), realized_pnl=D("-3.12"),
        liquidation_price=D("4410.90"), leverage=10, margin_type=MarginType.ISOLATED,
        isolated_margin=D("624.11"),
    )  # fmt: skip
    alerts = [
        Alert(level=AlertLevel.INFO, code="GAP", at_ms=NOW_MS - 300_000,
              sentence="The private stream was silent for 4.2 s; the gap is closed."),
        Alert(level=AlertLevel.INFO, code="START", at_ms=NOW_MS - 900_000,
              sentence="Trading on the paper exchange of this computer."),
    ]  # fmt: skip
    return [
        *(OrderChanged(order=made) for made in (*ended, *open_orders)),
        *(FillRecorded(fill=made) for made in fills),
        PositionChanged(position=position()),
        PositionChanged(position=eth),
        BalanceChanged(balance=balance(available="8541.90")),
        BalanceChanged(balance=balance("BNB", "1.52340000")),
        *alerts,
    ]


def terms(symbol: str = "BTCUSDT", margin_type: MarginType = MarginType.CROSSED) -> SymbolTerms:
    return SymbolTerms(
        symbol=symbol,
        margin_type=margin_type,
        brackets=(
            LeverageBracket(
                bracket=1,
                max_leverage=125,
                notional_floor=D(0),
                notional_cap=D(50_000),
                maint_margin_ratio=D("0.004"),
            ),
            LeverageBracket(
                bracket=2,
                max_leverage=100,
                notional_floor=D(50_000),
                notional_cap=D(500_000),
                maint_margin_ratio=D("0.005"),
                cum=D(50),
            ),
        ),
        taker_fee=D("0.0005"),
    )


def algo(client_algo_id: str = "pa-1", **changes: object) -> AlgoView:
    fields: dict[str, object] = {
        "client_algo_id": client_algo_id,
        "symbol": "BTCUSDT",
        "side": Side.SELL,
        "type": OrderType.STOP_MARKET,
        "status": AlgoStatus.NEW,
        "trigger_price": D("63900.0"),
        "close_position": True,
        "algo_id": 9001,
        "created_at": NOW_MS - 60_000,
    }
    return AlgoView(**(fields | changes))  # type: ignore[arg-type]


def bracket(**changes: object) -> BracketView:
    fields: dict[str, object] = {
        "bracket_id": "b-1",
        "symbol": "BTCUSDT",
        "side": Side.BUY,
        "state": BracketState.UNPROTECTED,
        "quantity": D("0.120"),
        "unprotected_since_ms": NOW_MS - 4_000,
    }
    return BracketView(**(fields | changes))  # type: ignore[arg-type]


def alarms() -> list[Event]:
    guard = GuardView(
        day_pnl=D("-312.40"),
        locked_until_ms=NOW_MS + 3_600_000,
        sentence="The day's loss has reached 300.00 USDT.",
    )
    return [BracketChanged(bracket=bracket()), GuardChanged(guard=guard)]


def protection() -> list[Event]:
    """A stop and a target for the long, a stop that opens, a trailing stop in flight."""
    made = [
        algo("pa-1"),
        algo("pa-2", type=OrderType.TAKE_PROFIT_MARKET, trigger_price=D("65000.0")),
        algo("pa-3", side=Side.BUY, type=OrderType.STOP, trigger_price=D("64500.0"),
             price=D("64510.0"), quantity=D("0.200"), close_position=False),
        algo("pa-4", symbol="ETHUSDT", side=Side.BUY, type=OrderType.TRAILING_STOP_MARKET,
             status=AlgoStatus.PENDING_NEW, trigger_price=D(0), callback_pct=D("1.5"),
             quantity=D("1.000"), close_position=False, reduce_only=True),
    ]  # fmt: skip
    return [AlgoChanged(algo=one) for one in made]


def plan(plan_id: str = "pd-0196f00000000000000000", **changes: object) -> PlanView:
    fields: dict[str, object] = {
        "plan_id": plan_id,
        "kind": PlanKind.CHASE,
        "symbol": "BTCUSDT",
        "side": Side.BUY,
        "state": PlanState.RUNNING,
        "quantity": D("0.120"),
        "child_ids": (f"{plan_id}-000",),
        "created_at": NOW_MS,
        "updated_at": NOW_MS,
    }
    return PlanView(**(fields | changes))  # type: ignore[arg-type]


def plans() -> list[PlanChanged]:
    made = [
        plan(),
        plan("pd-2", kind=PlanKind.TWAP, symbol="ETHUSDT", side=Side.SELL, quantity=D("6.000"),
             executed_qty=D("2.400"), avg_price=D("3130.18"), child_ids=("a", "b", "c", "d")),
        plan("pd-3", kind=PlanKind.SCALED, state=PlanState.STOPPED, reason="Stopped by hand.",
             child_ids=("e", "f")),
        plan("pd-4", state=PlanState.DONE, executed_qty=D("0.120"), avg_price=D("64248.7")),
    ]  # fmt: skip
    return [PlanChanged(plan=one) for one in made]


def strategies() -> list[Event]:
    """One that trades, one that has crashed, and what both have said."""
    made = [
        ("watch_spread", StrategyState.STOPPED, 0, 0, "stopped."),
        ("grid_2", StrategyState.CRASHED, 0, 12, "crashed and was ended. grid_2.py, line 48:"
         " ZeroDivisionError: division by zero. 4 open orders are being cancelled."),
        ("rest_around_middle", StrategyState.RUNNING, 2, 7, "SELL 0.003 at 64281.2"),
    ]  # fmt: skip
    events: list[Event] = []
    for number, (name, state, open_orders, traded, word) in enumerate(made):
        at_ms = NOW_MS - 600_000 + number * 170_000
        view = StrategyView(
            name=name,
            file=f"{name}.py",
            symbols=("BTCUSDT",),
            state=state,
            last_word=word,
            open_orders=open_orders,
            traded_orders=traded,
            started_at=at_ms,
            ended_at=at_ms + 100_000 if state.is_over else 0,
        )
        crashed = state is StrategyState.CRASHED
        level = AlertLevel.ERROR if crashed else AlertLevel.INFO
        told = Alert(level=level, code="strategy.said", sentence=f"{name}: {word}", at_ms=at_ms)
        events += [StrategyChanged(strategy=view), told]
    return events


def everything() -> list[Event]:
    return [
        *streams(),
        EngineStateChanged(state=EngineState.LIVE, sentence="Live.", gap_s=1.2),
        *market(),
        *account(),
        *protection(),
        terms(),
        GuardChanged(guard=GuardView(day_pnl=D("81.20"))),
        *market()[-12:],
        health(),
    ]
