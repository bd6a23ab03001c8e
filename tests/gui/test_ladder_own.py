"""Own orders in the ladder: conditional ones, the queue, refusals, and what hovering tells."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip

from desktop.theme import palette
from desktop.widgets.ladder import PriceLadder
from engine.trading_types import AlgoStatus, Side
from tests.helpers import mouse
from tests.helpers.market_samples import BTCUSDT, limit_order, stop_order
from tests.helpers.pixels import colours_of_row

BID = Decimal("63999.5")
ASK = Decimal("64000.5")
STOP = "algo stop"


def rows_below(ladder: PriceLadder, at: QPoint, rows: int) -> QPoint:
    return at + QPoint(0, rows * ladder._frame.row_px)


# --- conditional orders -------------------------------------------------------------


def test_dragging_a_conditional_order_asks_for_another_trigger(ladder, qtbot) -> None:
    ladder.set_algos([stop_order("stop", Side.SELL, str(BID))])
    at = ladder.point_of_order(STOP)
    with qtbot.waitSignal(ladder.algo_moved) as moved, qtbot.assertNotEmitted(ladder.order_moved):
        mouse.drag(ladder, at, rows_below(ladder, at, 3))
    assert moved.args == ["stop", BID - 3 * BTCUSDT.tick_size]


def test_a_right_click_cancels_both_kinds_of_a_row(ladder) -> None:
    ladder.set_orders([limit_order("mine", Side.SELL, str(ASK))])
    ladder.set_algos([stop_order("stop", Side.SELL, str(ASK))])
    cancelled: list[tuple[str, str]] = []
    ladder.order_cancel.connect(lambda key: cancelled.append(("order", key)))
    ladder.algo_cancel.connect(lambda key: cancelled.append(("algo", key)))
    mouse.click(ladder, ladder.point_of_order(STOP), mouse.RIGHT)
    assert cancelled == [("order", "mine"), ("algo", "stop")]


def test_a_conditional_order_looks_as_what_it_is(ladder) -> None:
    seen = {}
    for status in (AlgoStatus.NEW, AlgoStatus.PENDING_NEW, AlgoStatus.UNKNOWN):
        ladder.set_algos([stop_order("stop", Side.SELL, str(ASK), status)])
        at = ladder.point_of_order(STOP)
        seen[status] = colours_of_row(ladder, at.y() - 6, at.x() - 15, at.x() + 15)
    assert seen[AlgoStatus.NEW] == {palette.SELL_BAR}
    assert seen[AlgoStatus.PENDING_NEW] == {palette.BACKGROUND}
    assert len(seen[AlgoStatus.UNKNOWN]) > 1


def test_one_that_closes_the_position_is_drawn_without_a_size(ladder) -> None:
    whole = stop_order("stop", Side.SELL, str(ASK), close_position=True, type="STOP_MARKET")
    ladder.set_algos([whole])
    ladder.grab()
    ladder.set_algos([stop_order("stop", Side.SELL, str(ASK), symbol="ETHUSDT")])
    assert ladder.point_of_order(STOP) is None


# --- the queue ------------------------------------------------------------------------


def told(ladder: PriceLadder, key: str) -> str:
    return ladder.explanation(QPointF(ladder.point_of_order(key)))


def test_the_queue_is_told_as_a_guess_and_gets_shorter(ladder) -> None:
    ladder.set_orders([limit_order("mine", Side.BUY, str(BID))])
    assert "About 6 ahead of it at this price: a guess." in told(ladder, "mine")
    ladder.set_last_trade(float(BID), True, 2.0)
    assert "About 4 ahead" in told(ladder, "mine")
    with_guess = ladder.grab().toImage()
    ladder._model.queue.set_orders(())
    ladder._show_all()
    assert ladder.grab().toImage() != with_guess


def test_conditional_orders_have_no_queue(ladder) -> None:
    ladder.set_algos([stop_order("stop", Side.SELL, str(ASK))])
    assert "in no book" in told(ladder, STOP)
    assert "ahead" not in told(ladder, STOP)


def test_hovering_a_chip_explains_its_orders_and_no_more_than_fit(ladder) -> None:
    ladder.set_orders([limit_order(f"o{n}", Side.BUY, str(BID)) for n in range(6)])
    text = told(ladder, "o0")
    assert text.count("Confirmed by the exchange") == 4
    assert text.endswith("… and 2 more")
    at = ladder.point_of_order("o0")
    QApplication.sendEvent(ladder, QHelpEvent(QEvent.Type.ToolTip, at, ladder.mapToGlobal(at)))
    assert "Confirmed" in QToolTip.text()
    QToolTip.hideText()


def test_elsewhere_there_is_nothing_to_explain(ladder) -> None:
    ladder.set_orders([limit_order("mine", Side.BUY, str(BID))])
    for side in (Side.BUY, Side.SELL):
        assert ladder.explanation(QPointF(ladder.point_of_price(side, ASK))) == ""
    assert ladder.explanation(QPointF(ladder.width() / 2, 200)) == ""
    assert ladder.explanation(QPointF(10, 5)) == ""


# --- what is refused, what is not sure --------------------------------------------------


def test_a_refused_move_says_why_above_the_rows_and_the_order_is_where_it_was(ladder) -> None:
    ladder.set_orders([limit_order("mine", Side.BUY, str(BID))])
    at = ladder.point_of_order("mine")
    mouse.drag(ladder, at, rows_below(ladder, at, 3))
    assert ladder._look.ghosts
    ladder.show_refusal("Price must be a multiple of 0.10.")
    assert ladder._look.ghosts == ()
    assert ladder._look.hint == "Price must be a multiple of 0.10."
    assert ladder.point_of_order("mine") == at
    ladder._hint_timer.timeout.emit()
    assert ladder._look.hint == ""


def test_orders_that_may_have_changed_unseen_stay_but_can_be_cancelled(ladder, qtbot) -> None:
    ladder.set_orders([limit_order("mine", Side.BUY, str(BID))])
    at = ladder.point_of_order("mine")
    bright = ladder.grab().toImage()
    with qtbot.assertNotEmitted(ladder.order_moved):
        mouse.hold_and_move(ladder, at, rows_below(ladder, at, 3))
        ladder.set_orders_stale(True)
        mouse.release(ladder, rows_below(ladder, at, 3))
        mouse.leave(ladder)
        assert ladder.grab().toImage() != bright
        mouse.drag(ladder, at, rows_below(ladder, at, 3))
    assert "changed unseen" in ladder._look.hint
    with qtbot.waitSignal(ladder.order_cancel):
        mouse.click(ladder, at, mouse.RIGHT)
    ladder.set_orders_stale(False)
    with qtbot.waitSignal(ladder.order_moved):
        mouse.drag(ladder, at, rows_below(ladder, at, 3))


# --- keys ----------------------------------------------------------------------------------


def test_keys_turn_pages_and_choose_the_step(ladder, qtbot) -> None:
    top, best = ladder._model.top, ladder._model.best_ask
    qtbot.keyClick(ladder, Qt.Key.Key_PageUp)
    qtbot.keyClick(ladder, Qt.Key.Key_PageUp)
    assert ladder._cursor.bucket == ladder._model.top == best + ladder._frame.rows - 2
    qtbot.keyClick(ladder, Qt.Key.Key_PageDown)
    assert ladder._cursor.bucket == best
    qtbot.keyClick(ladder, Qt.Key.Key_Home)
    assert ladder._model.top == top
    for key, grouping in ((Qt.Key.Key_Minus, 1), (Qt.Key.Key_Plus, 5), (Qt.Key.Key_Minus, 1)):
        qtbot.keyClick(ladder, key)
        assert ladder._model.grouping == grouping
