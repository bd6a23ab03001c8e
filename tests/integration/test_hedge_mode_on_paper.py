"""Long and short side by side, on the real paper exchange over its sockets."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from engine.commands import ClosePosition
from engine.errors import OrderNotAllowed
from engine.events import CommandDone, CommandRefused, EngineStateChanged, Event
from engine.events.protection import HedgeModeChanged
from engine.protection_commands import SetHedgeMode, SetMarginType
from engine.trading_engine import TradingEngine
from engine.trading_types import EngineState, MarginType, PositionSide, Side
from engine.utils.mailbox import Mailbox
from tests.helpers.waiting import wait_until
from tests.integration.conftest import Stranger

D = Decimal
LONG, SHORT = PositionSide.LONG, PositionSide.SHORT


class Ears:
    def __init__(self, engine: TradingEngine) -> None:
        self._box: Mailbox[Event] = engine.hub.attach(Mailbox())
        self.heard: list[Event] = []

    def of(self, kind: type[Event]) -> list[Event]:
        self.heard += self._box.drain()
        return [event for event in self.heard if isinstance(event, kind)]

    def answer_to(self, request_id: str) -> Event:
        def answers() -> list[Event]:
            return [
                event
                for event in (*self.of(CommandDone), *self.of(CommandRefused))
                if event.command.request_id == request_id  # type: ignore[attr-defined]
            ]

        wait_until(answers, what=request_id)
        return answers()[0]


class OtherProgram(Stranger):
    """Our own account, used by something else."""

    def __init__(self, state_dir: Path) -> None:
        super().__init__(state_dir, on_our_account=True)

    def holds(self) -> dict[PositionSide, Decimal]:
        rows = self.signed("GET", "/fapi/v3/positionRisk").body
        found = {PositionSide(row["positionSide"]): D(row["positionAmt"]) for row in rows}
        return {side: quantity for side, quantity in found.items() if quantity}


def held(engine: TradingEngine) -> dict[PositionSide, Decimal]:
    return {view.position_side: view.quantity for view in engine.oms.positions.positions()}


def recover(engine: TradingEngine, ears: Ears) -> None:
    """A gap, as the engine meets it: the private connection is lost and made anew."""
    before = len(gaps(ears))
    engine.gateway.renew_user_stream("A test cuts it.")
    wait_until(lambda: len(gaps(ears)) > before, what="recovered")


def gaps(ears: Ears) -> list[Event]:
    return [e for e in ears.of(EngineStateChanged) if e.state is EngineState.LIVE]  # type: ignore[attr-defined]


def trade(engine: TradingEngine, side: Side, quantity: str, position_side: PositionSide) -> None:
    order = engine.oms.submit_order(
        "BTCUSDT", side, "MARKET", quantity, position_side=position_side
    )
    assert engine.oms.wait(order, "FILLED"), order


@pytest.fixture
def ears(engine: TradingEngine) -> Ears:
    return Ears(engine)


@pytest.fixture
def elsewhere(engine: TradingEngine, tmp_path: Path) -> OtherProgram:
    return OtherProgram(tmp_path / "paper")


def test_long_and_short_side_by_side(
    engine: TradingEngine, ears: Ears, elsewhere: OtherProgram
) -> None:
    engine.submit(SetHedgeMode(is_on=True, request_id="on"))
    assert isinstance(ears.answer_to("on"), CommandDone)
    assert engine.oms.is_hedge_mode
    with pytest.raises(OrderNotAllowed, match="LONG or SHORT"):
        engine.oms.submit_order("BTCUSDT", "BUY", "MARKET", "0.1")

    trade(engine, Side.BUY, "0.2", LONG)
    trade(engine, Side.SELL, "0.1", SHORT)
    wait_until(lambda: held(engine) == {LONG: D("0.2"), SHORT: D("-0.1")})

    # the account's settings cannot change now, and each refusal says what to do
    engine.submit(SetHedgeMode(is_on=False, request_id="off"))
    engine.submit(
        SetMarginType(symbol="BTCUSDT", margin_type=MarginType.ISOLATED, request_id="margin")
    )
    refused = ears.answer_to("off")
    assert isinstance(refused, CommandRefused)
    assert (refused.code, "close them first" in refused.sentence) == (-4068, True)
    refused = ears.answer_to("margin")
    assert isinstance(refused, CommandRefused)
    assert (refused.code, "close it first" in refused.sentence) == (-4048, True)

    # a share of each, the other one untouched
    engine.submit(
        ClosePosition(symbol="BTCUSDT", position_side=LONG, share_pct=D(25), request_id="long")
    )
    wait_until(lambda: held(engine) == {LONG: D("0.15"), SHORT: D("-0.1")})
    ask = D(elsewhere.public("/fapi/v1/ticker/bookTicker", symbol="BTCUSDT").body["askPrice"])
    engine.submit(
        ClosePosition(symbol="BTCUSDT", position_side=SHORT, share_pct=D(50), price=ask + 5)
    )
    wait_until(lambda: held(engine) == {LONG: D("0.15"), SHORT: D("-0.05")})
    assert elsewhere.holds() == held(engine)

    engine.submit(ClosePosition(symbol="BTCUSDT", request_id="which"))
    refused = ears.answer_to("which")
    assert isinstance(refused, CommandRefused)
    assert refused.field == "position_side"

    recover(engine, ears)
    assert held(engine) == {LONG: D("0.15"), SHORT: D("-0.05")}

    for side in (LONG, SHORT):
        engine.submit(ClosePosition(symbol="BTCUSDT", position_side=side))
    wait_until(lambda: held(engine) == {})
    assert elsewhere.holds() == {}

    # another program changes the mode; no stream tells
    answer = elsewhere.signed("POST", "/fapi/v1/positionSide/dual", dualSidePosition="false")
    assert answer.status == 200, answer.body
    recover(engine, ears)
    assert not engine.oms.is_hedge_mode
    assert [event.is_on for event in ears.of(HedgeModeChanged)] == [True, False]  # type: ignore[attr-defined]
    trade(engine, Side.BUY, "0.1", PositionSide.BOTH)


def test_a_refusal_tells_of_a_mode_that_was_changed_elsewhere(
    engine: TradingEngine, elsewhere: OtherProgram
) -> None:
    assert (
        elsewhere.signed("POST", "/fapi/v1/positionSide/dual", dualSidePosition="true").status
        == 200
    )
    order = engine.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.1", "62000")
    assert order.status == "REJECTED"
    assert "position mode" in order.reason
    assert engine.oms.is_hedge_mode
    trade(engine, Side.BUY, "0.1", LONG)


def test_settings_are_refused_while_orders_are_open(engine: TradingEngine, ears: Ears) -> None:
    engine.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.1", "62000")
    engine.submit(SetHedgeMode(is_on=True, request_id="mode"))
    engine.submit(
        SetMarginType(symbol="BTCUSDT", margin_type=MarginType.ISOLATED, request_id="margin")
    )
    for request_id, code in (("mode", -4067), ("margin", -4047)):
        refused = ears.answer_to(request_id)
        assert isinstance(refused, CommandRefused)
        assert (refused.code, "cancel them first" in refused.sentence) == (code, True)
    engine.oms.cancel_all("BTCUSDT")
    wait_until(lambda: engine.oms.open_orders() == [])
    engine.submit(
        SetMarginType(symbol="BTCUSDT", margin_type=MarginType.ISOLATED, request_id="again")
    )
    assert ears.answer_to("again").sentence == "Margin of BTCUSDT is isolated now."  # type: ignore[attr-defined]
