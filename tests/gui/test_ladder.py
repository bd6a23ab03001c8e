"""The ladder under a real mouse: no order from a click that meant another price."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QToolButton

from desktop.theme import palette
from desktop.theme.fonts import load_fonts
from desktop.widgets.ladder import PriceLadder
from engine.events import BookView
from engine.trading_types import OrderStatus, Side
from engine.views import AmendInFlight
from tests.helpers import mouse
from tests.helpers.market_samples import BTCUSDT, book, limit_order
from tests.helpers.pixels import colour_at, colours_of_row

BID = Decimal("63999.5")
ASK = Decimal("64000.5")


def hint(ladder: PriceLadder) -> str:
    return ladder._look.hint


# --- placing ---------------------------------------------------------------------


@pytest.mark.parametrize(("side", "price"), [(Side.BUY, BID), (Side.SELL, ASK)])
def test_a_click_names_side_and_exact_price(ladder, qtbot, side, price) -> None:
    with qtbot.waitSignal(ladder.price_clicked) as clicked:
        mouse.click(ladder, ladder.point_of_price(side, price))
    assert clicked.args == [side, price]
    assert isinstance(clicked.args[0], Side)


def test_the_own_orders_columns_belong_to_their_side(ladder, qtbot) -> None:
    y = ladder.point_of_price(Side.BUY, BID).y()
    clicked: list[tuple[Side, Decimal]] = []
    ladder.price_clicked.connect(lambda side, price: clicked.append((side, price)))
    mouse.click(ladder, QPoint(3, y))
    mouse.click(ladder, QPoint(ladder.width() - 3, y))
    assert clicked == [(Side.BUY, BID), (Side.SELL, BID)]


def test_the_price_column_and_the_header_place_nothing(ladder, qtbot) -> None:
    y = ladder.point_of_price(Side.BUY, BID).y()
    with qtbot.assertNotEmitted(ladder.price_clicked):
        mouse.click(ladder, QPoint(ladder.width() // 2, y))
        mouse.click(ladder, QPoint(60, 40))


def test_a_double_click_makes_one_order(ladder) -> None:
    clicked: list[Decimal] = []
    ladder.price_clicked.connect(lambda _side, price: clicked.append(price))
    mouse.double_click(ladder, ladder.point_of_price(Side.BUY, BID))
    assert clicked == [BID]


def test_a_click_without_a_book_places_nothing(qtbot) -> None:
    load_fonts()
    ladder = PriceLadder()
    qtbot.addWidget(ladder)
    ladder.resize(330, 480)
    ladder.show()
    with qtbot.assertNotEmitted(ladder.price_clicked):
        mouse.click(ladder, QPoint(80, 200))
        ladder.set_instrument(BTCUSDT)
        mouse.click(ladder, QPoint(80, 200))


# --- rows and the mouse -----------------------------------------------------------


def test_a_click_just_after_the_rows_moved_is_ignored_and_said(ladder, qtbot, clock) -> None:
    at = ladder.point_of_price(Side.BUY, BID)
    mouse.wheel(ladder, at, 1)
    with qtbot.assertNotEmitted(ladder.price_clicked):
        mouse.click(ladder, at)
    assert "ignored" in hint(ladder)
    clock.advance(0.151)
    with qtbot.waitSignal(ladder.price_clicked) as clicked:
        mouse.click(ladder, at)
    assert clicked.args[1] == BID + 3 * BTCUSDT.tick_size


def test_the_hint_goes_away(ladder) -> None:
    at = ladder.point_of_price(Side.BUY, BID)
    mouse.wheel(ladder, at, 1)
    mouse.click(ladder, at)
    ladder._hint_timer.timeout.emit()
    assert hint(ladder) == ""


def test_rows_stand_still_under_the_mouse_and_a_hint_tells_where_the_price_went(ladder) -> None:
    at = ladder.point_of_price(Side.BUY, BID)
    mouse.enter(ladder, at)
    ladder.set_book(book(640_200))
    assert ladder.point_of_price(Side.BUY, BID) == at
    assert hint(ladder).startswith("Price is above")
    ladder.set_book(book(639_800))
    assert hint(ladder).startswith("Price is below")


def test_when_the_mouse_leaves_the_rows_follow_the_price(ladder) -> None:
    mouse.enter(ladder, ladder.point_of_price(Side.BUY, BID))
    ladder.set_book(book(640_200))
    mouse.leave(ladder)
    assert ladder.point_of_price(Side.BUY, Decimal("64020.0")) is not None
    assert hint(ladder) == ""


def test_without_a_mouse_the_rows_follow_at_once(ladder) -> None:
    ladder.set_book(book(640_200))
    assert ladder.point_of_price(Side.BUY, Decimal("64020.0")) is not None


@pytest.mark.parametrize("key", [Qt.Key.Key_Space, Qt.Key.Key_C])
def test_keys_scroll_and_recentre(ladder, qtbot, key) -> None:
    at = ladder.point_of_price(Side.BUY, BID)
    for _ in range(2):
        qtbot.keyClick(ladder, Qt.Key.Key_PageUp)
    assert ladder.point_of_price(Side.BUY, BID) is None
    qtbot.keyClick(ladder, key)
    assert ladder.point_of_price(Side.BUY, BID) == at


def test_the_strip_recentres_and_chooses_the_grouping(ladder, qtbot, clock) -> None:
    at = ladder.point_of_price(Side.BUY, BID)
    mouse.wheel(ladder, at, 2)
    qtbot.mouseClick(ladder.findChild(QToolButton, "ladder.recentre"), Qt.MouseButton.LeftButton)
    assert ladder.point_of_price(Side.BUY, BID) == at
    steps = ladder.findChild(QComboBox, "ladder.grouping")
    assert [steps.itemText(i) for i in range(1, 6)] == ["0.1", "0.5", "1", "5", "10"]
    qtbot.keyClick(steps, Qt.Key.Key_Down)
    qtbot.keyClick(steps, Qt.Key.Key_Down)
    clock.advance(1)
    with qtbot.waitSignal(ladder.price_clicked) as clicked:
        mouse.click(ladder, ladder.point_of_price(Side.BUY, Decimal("63999.0")))
    assert clicked.args[1] % Decimal("0.5") == 0


@pytest.mark.parametrize("height", [300, 480, 900])
def test_ten_levels_a_side_are_in_view_from_a_small_dock_to_a_large_one(ladder, height) -> None:
    ladder.resize(330, height + 60)
    best_bid, best_ask = Decimal("64000.0"), Decimal("64000.1")
    for level in range(10):
        step = level * BTCUSDT.tick_size
        assert ladder.point_of_price(Side.BUY, best_bid - step) is not None
        assert ladder.point_of_price(Side.SELL, best_ask + step) is not None


# --- own orders -------------------------------------------------------------------


def below(ladder: PriceLadder, at: QPoint, rows: int) -> QPoint:
    return at + QPoint(0, rows * ladder._frame.row_px)


def test_dragging_a_chip_asks_for_the_price_of_the_row(ladder, qtbot) -> None:
    ladder.set_orders([limit_order("mine", Side.BUY, str(BID))])
    at = ladder.point_of_order("mine")
    with qtbot.waitSignal(ladder.order_moved) as moved:
        mouse.drag(ladder, at, below(ladder, at, 3))
    assert moved.args == ["mine", BID - 3 * BTCUSDT.tick_size]


def test_dragging_a_chip_of_two_moves_both_and_leaves_out_what_is_not_settled(ladder) -> None:
    ladder.set_orders(
        [
            limit_order("a", Side.BUY, str(BID)),
            limit_order("b", Side.BUY, str(BID)),
            limit_order("c", Side.BUY, str(BID), OrderStatus.PENDING_NEW),
        ]
    )
    moved: list[str] = []
    ladder.order_moved.connect(lambda client_order_id, _price: moved.append(client_order_id))
    at = ladder.point_of_order("a")
    mouse.drag(ladder, at, below(ladder, at, 2))
    assert moved == ["a", "b"]


def test_a_click_on_an_own_chip_places_nothing(ladder, qtbot) -> None:
    ladder.set_orders([limit_order("mine", Side.BUY, str(BID))])
    with (
        qtbot.assertNotEmitted(ladder.price_clicked),
        qtbot.assertNotEmitted(ladder.order_moved),
    ):
        mouse.click(ladder, ladder.point_of_order("mine"))


def test_right_click_on_a_chip_cancels_all_orders_of_the_row(ladder) -> None:
    ladder.set_orders(
        [
            limit_order("a", Side.SELL, str(ASK)),
            limit_order("b", Side.SELL, str(ASK), OrderStatus.UNKNOWN),
            limit_order("c", Side.SELL, str(ASK), OrderStatus.PENDING_CANCEL),
        ]
    )
    cancelled: list[str] = []
    ladder.order_cancel.connect(cancelled.append)
    mouse.click(ladder, ladder.point_of_order("a"), mouse.RIGHT)
    assert cancelled == ["a", "b"]


def test_right_click_elsewhere_cancels_nothing(ladder, qtbot) -> None:
    ladder.set_orders([limit_order("mine", Side.BUY, str(BID))])
    with (
        qtbot.assertNotEmitted(ladder.order_cancel),
        qtbot.assertNotEmitted(ladder.price_clicked),
    ):
        mouse.click(ladder, ladder.point_of_price(Side.BUY, BID), mouse.RIGHT)


@pytest.mark.parametrize("how", ["escape", "outside", "gone", "stale"])
def test_a_drag_that_ends_otherwise_moves_nothing(ladder, qtbot, how) -> None:
    ladder.set_orders([limit_order("mine", Side.BUY, str(BID))])
    at = ladder.point_of_order("mine")
    end = below(ladder, at, 3)
    with qtbot.assertNotEmitted(ladder.order_moved):
        mouse.hold_and_move(ladder, at, end)
        if how == "escape":
            qtbot.keyClick(ladder, Qt.Key.Key_Escape)
        elif how == "outside":
            end = QPoint(-40, end.y())
            mouse.move(ladder, end, mouse.LEFT)
        elif how == "gone":
            ladder.set_orders([])
        else:
            ladder.set_stale(True)
        mouse.release(ladder, end)


def test_a_ghost_waits_at_the_new_row_until_the_orders_speak(ladder) -> None:
    ladder.set_orders([limit_order("mine", Side.BUY, str(BID))])
    at = ladder.point_of_order("mine")
    mouse.drag(ladder, at, below(ladder, at, 3))
    new_price = BID - 3 * BTCUSDT.tick_size
    assert ladder._look.ghosts == ((Side.BUY, 639_992, Decimal("0.150")),)
    assert ladder.point_of_order("mine") == at
    ladder.set_orders([limit_order("mine", Side.BUY, str(new_price))])
    assert ladder._look.ghosts == ()
    assert ladder.point_of_order("mine") == below(ladder, at, 3)


def test_an_amend_in_flight_shows_where_the_order_wants_to_go(ladder) -> None:
    amend = AmendInFlight(price=Decimal("63999.2"), quantity=Decimal("0.150"))
    ladder.set_orders([limit_order("mine", Side.BUY, str(BID), amend=amend)])
    assert ladder._look.ghosts == ((Side.BUY, 639_992, Decimal("0.150")),)


def test_a_chip_is_filled_hollow_or_striped_as_the_order_is_known(ladder) -> None:
    seen = {}
    for status in (OrderStatus.NEW, OrderStatus.PENDING_NEW, OrderStatus.UNKNOWN):
        ladder.set_orders([limit_order("mine", Side.BUY, str(BID), status)])
        at = ladder.point_of_order("mine")
        seen[status] = colours_of_row(ladder, at.y() - 6, at.x() - 15, at.x() + 15)
    assert seen[OrderStatus.NEW] == {palette.BUY}
    assert seen[OrderStatus.PENDING_NEW] == {palette.BACKGROUND}
    assert len(seen[OrderStatus.UNKNOWN]) > 1


def test_a_late_book_of_another_contract_is_not_shown(ladder) -> None:
    at = ladder.point_of_price(Side.BUY, BID)
    ladder.set_book(msgspec.structs.replace(book(10_000), symbol="ETHUSDT"))
    assert ladder.point_of_price(Side.BUY, BID) == at
    assert ladder._model.best_bid == 640_000


# --- stale ------------------------------------------------------------------------


@pytest.mark.parametrize("cause", ["stale", "not synced"])
def test_grey_numbers_cannot_be_clicked_but_orders_can_be_cancelled(ladder, qtbot, cause) -> None:
    ladder.set_orders([limit_order("mine", Side.BUY, str(BID))])
    if cause == "stale":
        ladder.set_stale(True)
    else:
        ladder.set_book(book(is_synced=False))
    at = ladder.point_of_order("mine")
    with (
        qtbot.assertNotEmitted(ladder.price_clicked),
        qtbot.assertNotEmitted(ladder.order_moved),
    ):
        mouse.click(ladder, ladder.point_of_price(Side.SELL, ASK))
        mouse.drag(ladder, at, below(ladder, at, 3))
    assert "clicks are off" in hint(ladder)
    with qtbot.waitSignal(ladder.order_cancel):
        mouse.click(ladder, at, mouse.RIGHT)


def test_a_lock_out_is_seen_and_explained_while_prices_stay_readable(ladder, qtbot) -> None:
    at = ladder.point_of_price(Side.BUY, BID)
    edge = ladder._frame.price
    open_look = colours_of_row(ladder, at.y(), edge - 4, edge)
    ladder.set_lock("Locked out until 02:00. The day's loss is reached.")
    assert "only orders that reduce" in hint(ladder)
    assert colours_of_row(ladder, at.y(), edge - 4, edge) != open_look
    assert "day's loss" in ladder.explanation(QPointF(at))
    with qtbot.waitSignal(ladder.price_clicked):  # reducing passes: the ticket decides
        mouse.click(ladder, at)
    ladder.set_lock("")
    assert hint(ladder) == ""
    assert ladder.explanation(QPointF(at)) == ""


def test_fresh_data_makes_the_rows_clickable_again(ladder, qtbot) -> None:
    ladder.set_book(book(is_synced=False))
    ladder.set_book(book())
    assert hint(ladder) == ""
    with qtbot.waitSignal(ladder.price_clicked):
        mouse.click(ladder, ladder.point_of_price(Side.SELL, ASK))


# --- painting ---------------------------------------------------------------------


def on_screen(ladder: PriceLadder) -> QImage:
    """What was really painted so far, once it stays; grab() would paint everything anew."""

    def look() -> QImage:
        QTest.qWait(10)  # some systems paint on a timer of their own
        return ladder.screen().grabWindow(ladder.winId()).toImage()

    seen = look()
    while (again := look()) != seen:
        seen = again
    return seen


def test_partial_repaints_end_in_the_same_picture_as_a_whole_one(ladder) -> None:
    def sparse(*bids: float) -> BookView:
        asks = ((64000.2, 3.0), (64000.6, 3.0))
        levels = tuple((price, 3.0) for price in bids)
        return BookView(symbol="BTCUSDT", bids=levels, asks=asks, event_ms=1, is_synced=True)

    ladder.set_grouping(1)
    ladder.set_book(sparse(64000.1, 63999.6))
    before = on_screen(ladder)
    ladder.set_last_trade(64000.1, True)
    ladder.set_book(sparse(63999.6))  # the spread gets wider over rows without any quantity
    partial = on_screen(ladder)
    assert partial != before
    ladder._show_all()
    assert on_screen(ladder) == partial


def test_the_last_trade_is_marked_with_its_direction(ladder) -> None:
    def cell() -> set[str]:
        row = ladder.point_of_price(Side.BUY, BID)
        picture = ladder.grab().toImage()
        return {colour_at(picture, ladder.width() // 2 + x, row.y() - 7) for x in (-30, 30)}

    ladder.set_last_trade(float(BID), True)
    assert cell() == {palette.SELL}
    ladder.set_last_trade(float(BID), False)
    assert cell() == {palette.BUY}
