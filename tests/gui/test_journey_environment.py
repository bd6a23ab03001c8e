"""From one exchange to another in the same program: nothing of the one reaches the other."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from desktop.theme import palette
from desktop.widgets.click_guard import QUIET_MS
from engine import config as engine_config
from engine.config import default_config
from engine.paper.paper_process import PaperProcess
from engine.trading_types import EnvironmentKind, OrderStatus
from tests.gui.hands import Hands, open_program
from tests.helpers.paper import PaperClient, paper_server


class Books:
    """One of the two exchanges, asked beside the program."""

    def __init__(self, server: PaperProcess) -> None:
        self._client = PaperClient(server)

    def orders(self) -> list[tuple[str, str]]:
        rows = self._client.signed("GET", "/fapi/v1/openOrders").body
        return sorted((row["symbol"], row["side"]) for row in rows)


@pytest.fixture
def exchanges(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[PaperProcess, PaperProcess]]:
    """The second poses as real money and knows one contract alone."""
    with (
        paper_server(tmp_path / "first", quiet_market=False) as first,
        paper_server(
            tmp_path / "second", quiet_market=False, symbols=("ETHUSDT",), seed=11
        ) as second,
    ):
        yield first, second


@pytest.fixture
def hands(
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    exchanges: tuple[PaperProcess, PaperProcess],
) -> Iterator[Hands]:
    first, second = exchanges
    named = {
        name: {"rest": one.hosts.rest, "streams": one.hosts.streams, "ws_api": one.hosts.ws_api}
        for name, one in (("practice", first), ("money", second))
    }
    kinds = {first.hosts.rest: EnvironmentKind.TESTNET, second.hosts.rest: EnvironmentKind.LIVE}
    monkeypatch.setattr(engine_config, "_kind_of", lambda hosts: kinds[hosts["rest"]])
    use_keys_of(first, monkeypatch)
    config = default_config().with_values(environments=named)
    with open_program(qtbot, config, "practice", tmp_path / "user") as made:
        yield made


def use_keys_of(server: PaperProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERPDESK_API_KEY", server.api_key)
    monkeypatch.setenv("PERPDESK_API_SECRET", server.api_secret)


def place_far_below(hands: Hands) -> None:
    """A limit order that rests, of whatever is shown; asked about where that is the rule."""
    market = hands.window.market
    best = hands.desks.desk.engine.market.best_bid(market.symbol)
    rules = hands.desks.desk.engine.instrument(market.symbol)
    price = rules.round_price(type(rules.tick_size)(repr(best)) * 9 / 10)
    hands.type_into("orderTicket.price", rules.price_text(price))
    hands.type_into("orderTicket.quantity", "0.1")
    hands.see(market.ticket.side_buttons["BUY"].isEnabled)
    hands.click("orderTicket.side.buy")


def go_to_money(hands: Hands, second: PaperProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    use_keys_of(second, monkeypatch)
    before = hands.desks.desk
    choices = {act.objectName(): act for act in hands.window.header.badge.menu().actions()}
    choices["environment.money"].trigger()
    word = hands.find(QLineEdit, "environment.switch.word")
    assert not hands.find(QPushButton, "environment.switch.confirm").isEnabled()
    hands.qtbot.keyClicks(word, "LIVE")
    hands.click("environment.switch.confirm")
    hands.see(lambda: hands.desks.desk is not before)


def frame_colour(hands: Hands) -> str:
    """Of the pixel at the top edge, as it is painted."""
    QApplication.processEvents()
    assert (
        hands.window.header.badge.colour()
        == hands.window.grab().toImage().pixelColor(700, 0).name()
    )
    return hands.window.header.badge.colour()


def test_the_other_environment_looks_different_is_empty_disarmed_and_gets_its_own_orders_alone(
    hands: Hands,
    exchanges: tuple[PaperProcess, PaperProcess],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = (Books(one) for one in exchanges)
    place_far_below(hands)
    models = hands.window.account.models
    hands.see(lambda: [o.status for o in models.orders.orders()] == [OrderStatus.NEW])
    assert (first.orders(), second.orders()) == ([("BTCUSDT", "BUY")], [])
    assert frame_colour(hands) == palette.ENVIRONMENT_COLOUR[EnvironmentKind.TESTNET]
    hands.click("orderTicket.oneClick")
    old = hands.window

    go_to_money(hands, exchanges[1], monkeypatch)
    hands.qtbot.mouseClick(old.market.ticket.side_buttons["BUY"], Qt.MouseButton.LeftButton)
    hands.wait_until_live()
    window = hands.window
    assert frame_colour(hands) == palette.ENVIRONMENT_COLOUR[EnvironmentKind.LIVE]
    assert window.windowTitle() == "Perpdesk - money"
    assert window.market.symbol == "ETHUSDT"
    assert list(window.market.watch._keys) == ["ETHUSDT"]
    assert window.account.models.orders.orders() == []
    assert not window.market.chart._state.orders
    assert not window.market.ticket.is_one_click()

    place_far_below(hands)
    hands.see(lambda: any("disarmed" in told for told in window.toasts.sentences()))
    assert (first.orders(), second.orders()) == ([("BTCUSDT", "BUY")], [])
    hands.click("environment.arm")
    ends_s = time.monotonic() + QUIET_MS / 1000
    hands.see(lambda: time.monotonic() > ends_s)  # the guard against a second click
    place_far_below(hands)
    hands.see(lambda: window.findChild(QPushButton, "orderGate.confirm"))
    hands.click("orderGate.confirm")
    hands.see(lambda: len(window.account.models.orders.orders()) == 1)
    hands.see(lambda: second.orders() == [("ETHUSDT", "BUY")])
    assert first.orders() == [("BTCUSDT", "BUY")]
