"""Brackets as the window and the console use them: commands in, events out."""

from __future__ import annotations

import json
from argparse import Namespace
from decimal import Decimal
from typing import Any

import pytest

from engine.console import brackets
from engine.errors import OrderNotAllowed
from engine.events import Alert, CommandRefused, Event
from engine.events.protection import BracketChanged
from engine.protection_commands import (
    CancelAlgo,
    CancelBracket,
    Kill,
    MoveAlgo,
    PlaceBracket,
    ProtectPosition,
)
from engine.protection_views import BracketView
from engine.trading_engine import TradingEngine
from engine.trading_types import AlgoStatus, BracketState, KillState, Side
from engine.utils.mailbox import Mailbox
from tests.helpers.waiting import wait_until
from tests.integration.conftest import Stranger

D = Decimal


class Window:
    """Gives commands and keeps the newest word about each bracket."""

    def __init__(self, engine: TradingEngine) -> None:
        self.engine = engine
        self._box: Mailbox[Event] = engine.hub.attach(
            Mailbox(), types=[BracketChanged, CommandRefused]
        )
        self.seen: dict[str, BracketView] = {}
        self.refusals: list[str] = []

    def give(self, command: Any) -> None:
        self.engine.submit(command)

    def bracket(self) -> BracketView | None:
        for event in self._box.drain():
            if isinstance(event, BracketChanged):
                self.seen[event.bracket.bracket_id] = event.bracket
            elif isinstance(event, CommandRefused):
                self.refusals.append(event.sentence)
        return list(self.seen.values())[-1] if self.seen else None

    def wait(self, state: BracketState) -> BracketView:
        wait_until(lambda: (view := self.bracket()) and view.state is state, what=state)
        view = self.bracket()
        assert view is not None
        return view

    def exits(self) -> list[tuple[str, Decimal]]:
        views = [algo.view for algo in self.engine.oms.algos.open()]
        return sorted((v.type, v.trigger_price) for v in views if v.status is AlgoStatus.NEW)


@pytest.fixture
def window(engine: TradingEngine) -> Window:
    return Window(engine)


def test_a_bracket_lives_by_commands_alone(engine: TradingEngine, window: Window) -> None:
    command = PlaceBracket(
        request_id="click-1",
        symbol="BTCUSDT",
        side=Side.BUY,
        quantity=D("0.1"),
        stop_price=D(60000),
        target_price=D(70000),
    )
    window.give(command)
    window.give(command)  # a double click
    view = window.wait(BracketState.PROTECTED)
    wait_until(lambda: len(window.exits()) == 2)
    window.give(MoveAlgo(symbol="BTCUSDT", client_algo_id=view.stop_id, trigger_price=D(61000)))
    wait_until(lambda: window.exits()[0] == ("STOP_MARKET", D(61000)) and len(window.exits()) == 2)
    window.give(ProtectPosition(symbol="BTCUSDT", target_price=D(71000)))
    wait_until(lambda: window.exits() == [
        ("STOP_MARKET", D(61000)), ("TAKE_PROFIT_MARKET", D(71000))
    ])  # fmt: skip
    target = engine.brackets.get(view.bracket_id).target_id
    window.give(CancelAlgo(symbol="BTCUSDT", client_algo_id=target))
    wait_until(lambda: window.exits() == [("STOP_MARKET", D(61000))])
    window.give(CancelBracket(symbol="BTCUSDT", bracket_id=view.bracket_id))
    assert engine.brackets.open("BTCUSDT")
    assert engine.brackets.open("ETHUSDT") == []
    engine.oms.submit_order("BTCUSDT", "SELL", "MARKET", "0.1", reduce_only=True)
    window.wait(BracketState.CLOSED)
    wait_until(lambda: window.exits() == [])
    assert len(engine.brackets.all()) == 1
    assert window.refusals == []
    window.give(CancelBracket(symbol="BTCUSDT", bracket_id=view.bracket_id))  # it has ended
    wait_until(lambda: window.bracket() and window.refusals)
    assert view.bracket_id in window.refusals[0]


def test_kill_takes_an_open_bracket_along_and_nothing_comes_back(
    engine: TradingEngine, window: Window, stranger: Stranger
) -> None:
    alerts: Mailbox[Event] = engine.hub.attach(Mailbox(), types=[Alert])
    view = engine.brackets.place_bracket(
        "BTCUSDT", "BUY", "0.1", stop_price="60000", target_price="70000"
    )
    window.wait(BracketState.PROTECTED)
    wait_until(lambda: len(window.exits()) == 2)
    # the position outlives its exits until the alarm was heard
    rule = {
        "fault": "unavailable_503",
        "when": {"method": "POST", "path": "/fapi/v1/order", "count": 0},
    }
    stranger.raw("POST", "/paper/v1/faults", json.dumps({"seed": 1, "rules": [rule]}))
    said: list[str] = []

    def is_told() -> bool:
        said.extend(event.sentence for event in alerts.drain() if isinstance(event, Alert))
        return any("UNPROTECTED" in one and "kill switch is closing it" in one for one in said)

    window.give(Kill())
    wait_until(is_told)
    stranger.raw("DELETE", "/paper/v1/faults")
    window.wait(BracketState.CLOSED)
    assert engine.kill_switch.join(30)
    assert engine.kill_switch.view.state is KillState.FLAT
    assert engine.gateway.get_open_algo_orders() == []
    assert engine.gateway.get_open_orders() == []
    assert engine.gateway.get_positions() == []
    assert [one.bracket_id for one in engine.brackets.all()] == [view.bracket_id]
    assert engine.brackets.open() == []
    is_told()
    assert sum("the kill switch has taken the" in one for one in said) == 2
    assert not any("Nothing protects" in one for one in said)


def test_what_is_wrong_with_a_bracket_is_said_by_field(engine: TradingEngine) -> None:
    def refusal(**terms: Any) -> OrderNotAllowed:
        with pytest.raises(OrderNotAllowed) as caught:
            engine.brackets.place_bracket("BTCUSDT", "BUY", "0.1", **terms)
        return caught.value

    wait_until(lambda: engine.market.mark_price("BTCUSDT") is not None)
    assert refusal().field == "stop_price"
    above = refusal(stop_price=90000)
    assert (above.field, above.fix is not None) == ("stop_price", True)
    assert refusal(target_price=100).field == "target_price"
    assert refusal(stop_price="60000.03").field == "stop_price"
    assert refusal(price=62000, stop_price=63000).field == "stop_price"
    assert refusal(stop_price=100, position_side="SHORT").fix == "LONG"
    assert engine.brackets.all() == []


def test_the_console_protects_a_position_and_tells_what_happens(
    engine: TradingEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.oms.submit_order("BTCUSDT", "BUY", "MARKET", "0.1")
    wait_until(lambda: engine.oms.positions.position("BTCUSDT") is not None)
    given = Namespace(
        symbol="btcusdt", stop="60000", target=None, position_side="BOTH", seconds=1.0
    )
    assert brackets.protect(engine, given) == 0
    said = capsys.readouterr().out
    assert "protected BUY BTCUSDT 0.1/0.1 protected 0.1 stop 60000 target -" in said
    assert brackets.brackets(engine, Namespace(follow=True, seconds=0.1)) == 0
    assert "60000" in capsys.readouterr().out
