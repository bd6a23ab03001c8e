"""The ladder by keys alone: a chosen price, an order there, and its cancel."""

from __future__ import annotations

from decimal import Decimal

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.theme import palette
from desktop.theme.fonts import load_fonts
from desktop.widgets.ladder import PriceLadder
from engine.clock import FakeClock
from engine.trading_types import Side
from tests.helpers import mouse
from tests.helpers.market_samples import BTCUSDT, book, limit_order
from tests.helpers.pixels import colours_of_row

BID, ASK = Decimal("64000.0"), Decimal("64000.1")
TICK = Decimal("0.1")
KEY = Qt.Key


@pytest.fixture
def ladder(ladder: PriceLadder, clock: FakeClock) -> PriceLadder:
    """A row for each tick."""
    ladder.set_grouping(1)
    clock.advance(1)
    return ladder


@pytest.fixture
def clicked(ladder: PriceLadder) -> list[tuple[Side, Decimal]]:
    asked: list[tuple[Side, Decimal]] = []
    ladder.price_clicked.connect(lambda side, price: asked.append((side, price)))
    return asked


def press(ladder: PriceLadder, *keys: Qt.Key) -> None:
    for key in keys:
        for kind in (QKeyEvent.Type.KeyPress, QKeyEvent.Type.KeyRelease):
            QApplication.sendEvent(ladder, QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier))


def test_down_begins_at_the_best_bid_and_up_at_the_best_ask(ladder, clicked) -> None:
    press(ladder, KEY.Key_Down, KEY.Key_Return)
    press(ladder, KEY.Key_Escape, KEY.Key_Up, KEY.Key_Return)
    assert clicked == [(Side.BUY, BID), (Side.SELL, ASK)]


def test_steps_change_the_price_and_left_and_right_the_side(ladder, clicked) -> None:
    press(ladder, KEY.Key_Down, KEY.Key_Down, KEY.Key_Down, KEY.Key_Enter)
    press(ladder, KEY.Key_Right, KEY.Key_Enter, KEY.Key_Left, KEY.Key_Up, KEY.Key_Enter)
    assert clicked == [
        (Side.BUY, BID - 2 * TICK),
        (Side.SELL, BID - 2 * TICK),
        (Side.BUY, BID - TICK),
    ]


def test_left_or_right_alone_choose_a_side_and_its_best_price(ladder, clicked) -> None:
    press(ladder, KEY.Key_Right, KEY.Key_Return)
    assert clicked == [(Side.SELL, ASK)]
    assert ladder.accessibleDescription() == "SELL at 64,000.1"


def test_without_a_chosen_price_enter_and_delete_do_nothing(ladder, clicked) -> None:
    cancelled: list[str] = []
    ladder.order_cancel.connect(cancelled.append)
    ladder.set_orders([limit_order("mine", Side.BUY, str(BID))])
    press(ladder, KEY.Key_Return, KEY.Key_Delete)
    press(ladder, KEY.Key_Down, KEY.Key_Escape, KEY.Key_Return, KEY.Key_Delete)
    assert (clicked, cancelled) == ([], [])


def test_a_key_that_is_held_down_places_and_cancels_nothing_more(ladder, clicked) -> None:
    press(ladder, KEY.Key_Down)
    for key in (KEY.Key_Return, KEY.Key_Delete):
        again = QKeyEvent(QKeyEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, "", True, 1)
        QApplication.sendEvent(ladder, again)
    assert clicked == []


def test_delete_cancels_all_own_orders_at_the_chosen_price_alone(ladder) -> None:
    cancelled: list[str] = []
    ladder.order_cancel.connect(cancelled.append)
    ladder.set_orders(
        [
            limit_order("here", Side.BUY, str(BID - TICK)),
            limit_order("here too", Side.BUY, str(BID - TICK)),
            limit_order("elsewhere", Side.BUY, str(BID - 2 * TICK)),
        ]
    )
    press(ladder, KEY.Key_Down, KEY.Key_Down, KEY.Key_Delete)
    assert sorted(cancelled) == ["here", "here too"]
    ladder.set_stale(True)
    press(ladder, KEY.Key_Down, KEY.Key_Backspace)
    assert cancelled[-1] == "elsewhere", "a cancel cannot cost money"


def test_stale_prices_take_no_enter(ladder, clicked) -> None:
    press(ladder, KEY.Key_Down)
    ladder.set_stale(True)
    press(ladder, KEY.Key_Return)
    assert clicked == []


def test_rows_stand_still_while_a_price_is_chosen_and_enter_means_that_price(
    ladder, clicked
) -> None:
    press(ladder, KEY.Key_Down)
    top = ladder._model.top
    ladder.set_book(book(640_900))
    assert ladder._model.top == top
    press(ladder, KEY.Key_Return)
    assert clicked == [(Side.BUY, BID)]


def test_a_chosen_price_that_was_scrolled_away_must_be_brought_back_first(ladder, clicked) -> None:
    press(ladder, KEY.Key_Down)
    ladder._model.scroll(200)
    press(ladder, KEY.Key_Return, KEY.Key_Delete)
    assert clicked == []
    assert "out of view" in ladder._look.hint
    press(ladder, KEY.Key_Down, KEY.Key_Return)
    assert clicked == [(Side.BUY, BID - TICK)]


def test_steps_past_the_edge_scroll(ladder, clicked) -> None:
    press(ladder, *[KEY.Key_Down] * 40)
    assert ladder._cursor.is_in_view()
    press(ladder, KEY.Key_Return)
    assert clicked == [(Side.BUY, BID - 39 * TICK)]


@pytest.mark.parametrize("how", ["wheel", "recentre", "step", "contract", "focus"])
def test_what_moves_the_rows_otherwise_or_leaves_drops_the_choice(ladder, clicked, how) -> None:
    press(ladder, KEY.Key_Down)
    match how:
        case "wheel":
            mouse.wheel(ladder, QPoint(100, 200), 1)
        case "recentre":
            press(ladder, KEY.Key_Space)
        case "step":
            press(ladder, KEY.Key_Plus)
        case "contract":
            ladder.set_instrument(BTCUSDT)
        case "focus":
            ladder.setFocus()
            ladder.clearFocus()
    press(ladder, KEY.Key_Return)
    assert clicked == []


def test_keys_without_a_book_choose_nothing(qtbot: QtBot) -> None:
    load_fonts()
    empty = PriceLadder(clock=FakeClock())
    qtbot.addWidget(empty)
    empty.set_instrument(BTCUSDT)
    press(empty, KEY.Key_Down, KEY.Key_Left, KEY.Key_Return)
    assert empty._cursor.bucket is None


def test_the_chosen_row_and_side_are_seen(ladder) -> None:
    press(ladder, KEY.Key_Down)
    y = ladder.point_of_price(Side.BUY, BID).y() - ladder._frame.row_px // 2 + 1
    half = ladder._frame.price
    assert palette.BUY in colours_of_row(ladder, y, 2, half - 2)
    assert palette.SELL not in colours_of_row(ladder, y, half, ladder.width())
