"""The engine as scripts and the window use it, on real wire traffic."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest

from engine.commands import (
    AmendOrder,
    CancelAllOrders,
    CancelOrder,
    ClosePosition,
    LoadCandles,
    PlaceOrder,
    SetLeverage,
    WatchSymbol,
)
from engine.config import default_config
from engine.errors import (
    ConfigError,
    NotConnected,
    PaperExchangeError,
    ShuttingDown,
    UnknownSymbol,
)
from engine.events import (
    Alert,
    BookView,
    CandlesLoaded,
    CommandDone,
    CommandRefused,
    Event,
    HealthReport,
    HistoryLoaded,
    LeverageChanged,
)
from engine.trading_engine import TradingEngine
from engine.trading_types import (
    EngineState,
    OrderStatus,
    OrderType,
    Side,
    StreamState,
    TimeInForce,
)
from engine.utils.mailbox import Mailbox
from tests.helpers.waiting import wait_until

D = Decimal


class Ears:
    """Everything the engine says, kept by type."""

    def __init__(self, engine: TradingEngine) -> None:
        self._box: Mailbox[Event] = engine.hub.attach(Mailbox())
        self._heard: list[Event] = []

    def of(self, kind: type[Event]) -> list[Event]:
        self._heard += self._box.drain()
        return [event for event in self._heard if isinstance(event, kind)]

    def wait(self, kind: type[Event], condition=lambda event: True) -> Event:
        wait_until(lambda: any(condition(e) for e in self.of(kind)), what=kind.__name__)
        return next(e for e in self.of(kind) if condition(e))


@pytest.fixture
def ears(engine):
    return Ears(engine)


def place(**changes) -> PlaceOrder:
    order = {
        "symbol": "BTCUSDT",
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "quantity": D("0.1"),
        "price": D("62000"),
        "request_id": "click-1",
    }
    return PlaceOrder(**{**order, **changes})


def only_order(engine):
    wait_until(lambda: len(engine.oms.open_orders()) == 1)
    return engine.oms.open_orders()[0]


def test_a_click_becomes_an_order_that_is_amended_and_cancelled(engine):
    engine.submit(place())
    order = only_order(engine)
    assert engine.oms.wait(order, "NEW", 30)
    engine.submit(
        AmendOrder(symbol="BTCUSDT", client_order_id=order.client_order_id, price=D("61900"))
    )
    assert engine.oms.wait(order, lambda o: o.price == D("61900"), 30)
    engine.submit(CancelOrder(symbol="BTCUSDT", client_order_id=order.client_order_id))
    assert engine.oms.wait(order, "CANCELED", 30)


def test_a_double_click_is_one_order(engine, ears):
    engine.submit(place())
    engine.submit(place())
    order = only_order(engine)
    engine.oms.wait(order, "NEW", 30)
    engine.submit(CancelAllOrders(symbol="BTCUSDT"))
    ears.wait(CommandDone)
    assert engine.oms.wait(order, "CANCELED", 30)
    assert len(engine.oms.orders()) == 1


def test_a_position_opens_pays_its_fee_and_closes(engine):
    before = engine.oms.positions.balance("USDT").wallet_balance
    engine.submit(place(type=OrderType.MARKET, price=None))
    wait_until(engine.oms.positions.positions)
    position = engine.oms.positions.position("BTCUSDT")
    assert position.quantity == D("0.1")
    wait_until(lambda: engine.oms.positions.balance("USDT").wallet_balance < before)
    engine.submit(ClosePosition(symbol="BTCUSDT"))
    wait_until(lambda: not engine.oms.positions.positions())


def test_closing_nothing_is_said(engine, ears):
    engine.submit(ClosePosition(symbol="BTCUSDT"))
    assert "no open position" in ears.wait(CommandRefused).sentence


@pytest.mark.parametrize(
    ("order", "field", "fix", "words"),
    [
        ({"price": D("62000.03")}, "price", "62000", "multiple of 0.1"),
        ({"quantity": D(0)}, "quantity", "0.001", "above zero"),
        ({"symbol": "NOSUCHUSDT"}, "", None, "no symbol 'NOSUCHUSDT'"),
    ],
)
def test_bad_input_is_a_sentence_and_nothing_is_sent(engine, ears, order, field, fix, words):
    engine.submit(place(**order))
    refused = ears.wait(CommandRefused)
    assert words in refused.sentence
    assert (refused.field, refused.fix) == (field, fix)
    assert refused.command.request_id == "click-1"
    assert engine.gateway.get_open_orders() == []
    assert engine.state is EngineState.LIVE


def test_a_refusal_of_the_venue_is_told_once_with_its_code(engine, ears):
    engine.submit(place(price=D("64300"), time_in_force=TimeInForce.GTX))
    assert ears.wait(CommandRefused).code == -5022
    assert [o.status for o in engine.oms.orders()] == [OrderStatus.REJECTED]
    engine.submit(LoadCandles(symbol="BTCUSDT", interval="1m", limit=1))
    ears.wait(CandlesLoaded)
    assert len(ears.of(CommandRefused)) == 1


def test_candles_leverage_and_health(engine, ears):
    engine.submit(LoadCandles(symbol="BTCUSDT", interval="15m", limit=20, request_id="c"))
    loaded = ears.wait(CandlesLoaded)
    assert (loaded.request_id, len(loaded.candles)) == ("c", 20)
    assert loaded.candles[-1].close == pytest.approx(engine.market.wait_for_price("BTCUSDT"), 0.01)
    engine.submit(SetLeverage(symbol="BTCUSDT", leverage=7))
    assert ears.wait(CommandDone).sentence == "Leverage of BTCUSDT is 7x now."
    assert ears.wait(LeverageChanged, lambda e: e.leverage == 7).symbol == "BTCUSDT"
    health = ears.wait(HealthReport)
    assert health.weight_limit == 2400
    assert health.clock_offset_ms == pytest.approx(0, abs=5_000)
    assert set(health.route_states) == {"public", "market", "private"}
    assert health.route_states["private"] is StreamState.LIVE
    assert health.reconnects["private"] == 0
    later = ears.wait(HealthReport, lambda e: e.last_gap_s is not None)
    assert 0 <= later.last_gap_s < 30


def test_the_book_is_whole_and_follows_the_market(engine, ears, stranger):
    wait_until(lambda: engine.market.book("BTCUSDT") is not None)
    assert engine.market.book("BTCUSDT").is_synced
    mine = engine.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.777", "62001")
    ears.wait(BookView, lambda book: (62001.0, 0.777) in book.bids)
    engine.oms.cancel_order(mine)
    ears.wait(BookView, lambda book: book.bids and (62001.0, 0.777) not in book.bids)


def test_watching_a_symbol_that_does_not_exist_is_refused(engine, ears):
    engine.submit(WatchSymbol(symbol="NOSUCHUSDT"))
    assert "NOSUCHUSDT" in ears.wait(CommandRefused).sentence
    with pytest.raises(UnknownSymbol):
        engine.instrument("NOSUCHUSDT")


def test_an_order_placed_elsewhere_appears_as_such(engine, tmp_path):
    from tests.helpers.paper import PaperClient
    from tests.integration.conftest import Stranger

    phone = Stranger(tmp_path / "paper")
    phone.keys = type(phone.keys)(
        api_key=engine._built.venue.credentials.api_key,
        api_secret=engine._built.venue.credentials.api_secret.reveal(),
    )
    assert PaperClient.order(phone, price="61500", newClientOrderId="phone-1").status == 200
    order = only_order(engine)
    assert (order.client_order_id, order.origin.value) == ("phone-1", "elsewhere")


def test_a_restart_finds_the_order_that_was_left_open(tmp_path, quiet_config):
    with TradingEngine.open("paper", config=quiet_config, user_data=tmp_path) as first:
        left = first.oms.submit_order("BTCUSDT", "BUY", "LIMIT", 0.1, 62000)
    with TradingEngine.open("paper", config=quiet_config, user_data=tmp_path) as second:
        (found,) = second.oms.open_orders()
        assert found.client_order_id == left.client_order_id
        assert found.status is OrderStatus.NEW
        assert found.origin.value == "ours"


def test_a_restart_brings_the_history_and_no_noise(tmp_path, quiet_config):
    with TradingEngine.open("paper", config=quiet_config, user_data=tmp_path) as first:
        first.oms.submit_order("BTCUSDT", "BUY", "LIMIT", 0.1, 62000)
        bought = first.oms.submit_order("BTCUSDT", "BUY", "MARKET", 0.1)
        assert first.oms.wait(bought, "FILLED", 30)
        wait_until(lambda: bought.avg_price)
    second = TradingEngine(quiet_config, quiet_config.environment(), tmp_path)
    ears = Ears(second)
    second.start()
    try:
        second.wait_until_live(30)
        ears.wait(HealthReport)
        (history,) = ears.of(HistoryLoaded)
        assert [order.client_order_id for order in history.orders][-1] == bought.client_order_id
        assert [fill.order_id for fill in history.fills] == [bought.order_id]
        assert ears.of(Alert) == []
    finally:
        second.stop()


def test_two_engines_of_one_account_share_the_paper_exchange(engine, quiet_config, tmp_path):
    with TradingEngine.open("paper", config=quiet_config, user_data=tmp_path) as second:
        assert second.paper_pid is None
        order = second.oms.submit_order("BTCUSDT", "BUY", "LIMIT", 0.1, 62000)
        assert only_order(engine).order_id == order.order_id
    assert engine.gateway.get_open_orders()


def test_a_dead_paper_exchange_is_said_and_the_engine_still_closes(engine, ears):
    engine._built.venue.paper._process.kill()
    alert = ears.wait(Alert, lambda a: a.code == "PAPER_EXCHANGE_LOST")
    assert "has stopped" in alert.sentence
    wait_until(lambda: engine.state is EngineState.DEGRADED)
    with pytest.raises(PaperExchangeError):
        engine.wait_until_live(1)
    engine.stop()
    assert not [t for t in threading.enumerate() if t.name.startswith(("ws-", "orders", "queries"))]


def test_orders_before_the_start_are_refused_and_reads_wait_for_it(tmp_path, quiet_config):
    early = TradingEngine(quiet_config, quiet_config.environment(), tmp_path)
    ears = Ears(early)
    early.submit(place())
    early.submit(LoadCandles(symbol="BTCUSDT", interval="1m", limit=5))
    assert "not ready" in ears.wait(CommandRefused).sentence
    with pytest.raises(NotConnected):
        early.oms  # noqa: B018
    early.start()
    try:
        early.wait_until_live(30)  # a busy machine starts the exchange slowly
        ears.wait(CandlesLoaded)
        assert early.oms.open_orders() == []
    finally:
        early.stop()
    with pytest.raises(ShuttingDown):
        early.submit(place())
    early.stop()


def test_a_venue_that_is_not_there_is_waited_for_and_said(tmp_path, monkeypatch):
    monkeypatch.setenv("PERPDESK_API_KEY", "k" * 64)
    monkeypatch.setenv("PERPDESK_API_SECRET", "hunter2")
    hosts = (
        "{rest: 'http://127.0.0.1:9', streams: 'ws://127.0.0.1:9', ws_api: 'ws://127.0.0.1:9/x'}"
    )
    from engine.config import parse_config

    config = parse_config(f"environments: {{gone: {hosts}}}")
    engine = TradingEngine(config, config.environment("gone"), tmp_path)
    ears = Ears(engine)
    engine.start()
    try:
        from engine.events import EngineStateChanged

        said = ears.wait(EngineStateChanged, lambda e: e.state is EngineState.DEGRADED)
        assert "gone is not reached" in said.sentence
        assert "hunter2" not in said.sentence
    finally:
        engine.stop()


def test_open_raises_what_kept_it_from_starting(tmp_path, monkeypatch):
    with pytest.raises(ConfigError, match="no environment 'nowhere'"):
        TradingEngine.open("nowhere", config=default_config(), user_data=tmp_path)
