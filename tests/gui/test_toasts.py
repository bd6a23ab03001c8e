"""Where notices lie: they leave the price in sight, on a low chart too."""

from __future__ import annotations

from decimal import Decimal

import pytest
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from desktop.widgets.toast_stack import ToastStack
from desktop.widgets.toasts import Toast
from engine.events import CandlesLoaded, OrderChanged
from engine.trading_types import AlertLevel
from engine.views import Candle
from tests.gui import scene
from tests.gui.conftest import Desk


def trade_at(desk: Desk, share: float) -> None:
    """After a wide range the newest candles stand at this share of it, from below."""
    low, high = 64_000.0, 64_400.0
    price = low + share * (high - low)
    made = []
    for number in range(80):
        old = number < 70
        open_ms = scene.NOW_MS // 60_000 * 60_000 + (number - 79) * 60_000
        made.append(
            Candle(
                open_ms=open_ms, close_ms=open_ms + 59_999, open=price, close=price, volume=1.0,
                low=low if old else price, high=high if old else price,
            )
        )  # fmt: skip
    loaded = CandlesLoaded(
        request_id="candles-1", symbol="BTCUSDT", interval="1m", candles=tuple(made)
    )
    desk.feed(loaded)
    desk.window.market.chart.set_last_price(price)


def shown(desk: Desk) -> list[Toast]:
    return [toast for toast in desk.window.toasts.toasts() if toast.isVisible()]


def places(desk: Desk) -> list[QRect]:
    return [toast.geometry() for toast in shown(desk)]


@pytest.mark.parametrize("size", [(1280, 720), (1440, 900), (2560, 1440)])
@pytest.mark.parametrize("share", [0.15, 0.5, 0.85])
def test_a_notice_leaves_price_and_axis_in_sight(
    desk: Desk, size: tuple[int, int], share: float
) -> None:
    desk.window.resize(*size)
    QApplication.processEvents()
    chart = desk.window.market.chart
    trade_at(desk, share)
    for number in range(4):
        desk.window.toasts.show(f"Bought 0.{number}50 BTC at 64,050.0", AlertLevel.INFO)
    price = chart.newest_part()
    assert price.height() > 20
    assert places(desk)
    for place in places(desk):
        assert chart.rect().contains(place)
        assert not place.intersects(price)
        assert place.right() < price.right()


def test_a_low_chart_shows_one_notice_and_a_high_one_all(desk: Desk) -> None:
    desk.window.resize(1280, 720)
    QApplication.processEvents()
    for number in range(4):
        desk.window.toasts.show(f"Scaled BUY {number} BTCUSDT ended: nothing was filled.")
    assert shown(desk) == desk.window.toasts.toasts()[:1]
    desk.window.resize(2560, 1440)
    QApplication.processEvents()
    assert len(shown(desk)) == 4


def test_fills_do_not_push_an_error_out_of_sight(desk: Desk) -> None:
    desk.window.resize(1280, 720)
    QApplication.processEvents()
    desk.window.toasts.show("The exchange refused it.", AlertLevel.ERROR)
    for number in range(3):
        desk.window.toasts.show(f"Bought {number}.")
    assert [toast.sentence() for toast in shown(desk)] == ["Bought 2.", "The exchange refused it."]
    for upper, lower in zip(places(desk)[1:], places(desk), strict=False):
        assert upper.bottom() < lower.top()


def test_a_notice_goes_to_the_chart_s_foot_while_the_price_is_out_of_sight(desk: Desk) -> None:
    chart = desk.window.market.chart
    chart._model.pan(400)
    chart._moved()
    desk.window.toasts.show("Notice.")
    price = chart.newest_part()
    assert price.width() > 0
    assert places(desk)[0].bottom() > chart.height() / 2


LONG = (
    "The position of BTCUSDT is 4.1 % from its liquidation price of 61,700.0 (mark 64,249.8).",
    "Bracket BUY BTCUSDT: the entry was filled, its stop stands at 63,900.0 and its target at"
    " 65,000.0.",
)


def said(toast: Toast) -> str:
    label = toast.findChild(QLabel, "toast.sentence")
    assert label is not None
    return label.text()


@pytest.mark.parametrize("size", [(1280, 720), (1440, 900), (1920, 1080)])
def test_two_long_notices_lie_beside_the_order_tags(full_desk: Desk, size: tuple[int, int]) -> None:
    full_desk.window.resize(*size)
    QApplication.processEvents()
    for sentence in LONG:
        full_desk.window.toasts.show(sentence, AlertLevel.WARNING)
    QApplication.processEvents()
    assert shown(full_desk)[0].sentence() == LONG[1]
    tags = full_desk.window.market.chart.tags()
    assert len(tags) > 4
    assert not [tag for tag in tags for place in places(full_desk) if tag.intersects(place)]


def test_an_older_notice_is_one_line_and_what_finds_no_room_is_counted(desk: Desk) -> None:
    desk.window.resize(1440, 900)
    QApplication.processEvents()
    toasts = desk.window.toasts
    toasts.show("First, and so long that it would take more than one line of this chart.")
    toasts.show(LONG[0], AlertLevel.WARNING)
    toasts.show(LONG[1])
    newest, older = shown(desk)
    assert said(newest) == LONG[1]
    assert said(older).startswith("The position of")
    assert said(older).endswith("…")
    assert older.height() < newest.height()
    assert older.findChild(QLabel, "toast.sentence").toolTip() == LONG[0]  # type: ignore[union-attr]
    count = newest.findChild(QLabel, "toast.others")
    assert count is not None
    assert (count.text(), count.isVisible()) == ("+1", True)
    toasts.show("Bought.")
    assert shown(desk)[1] is newest
    assert newest.height() == older.height()


def test_an_older_error_is_never_folded(desk: Desk) -> None:
    desk.window.toasts.show(LONG[0], AlertLevel.ERROR)
    desk.window.toasts.show("Bought.")
    assert said(shown(desk)[1]) == LONG[0]


def test_a_notice_gives_way_to_an_order_that_moves_under_it_but_not_under_the_mouse(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    chart = desk.window.market.chart
    trade_at(desk, 0.5)
    desk.window.toasts.show(LONG[0])
    place = places(desk)[0]
    y = place.center().y()
    price = Decimal(round(chart._scene.scale.price(y))).quantize(Decimal("0.1"))
    row = [scene.order(f"pd-{n}", price=price) for n in range(4)]  # one tag beside the other
    monkeypatch.setattr(Toast, "underMouse", lambda _toast: True)
    desk.feed(*(OrderChanged(order=order) for order in row))
    tags = chart.tags()
    assert [tag for tag in tags if tag.intersects(place)]
    desk.window.toasts._give_way()
    assert places(desk)[0] == place
    monkeypatch.setattr(Toast, "underMouse", lambda _toast: False)
    desk.qtbot.waitUntil(lambda: not [tag for tag in tags if tag.intersects(places(desk)[0])])


def test_the_chart_is_asked_once_for_each_notice(qtbot: QtBot) -> None:
    """However many orders there are: each answer lays the chart out."""
    area = QWidget()
    qtbot.addWidget(area)
    area.resize(900, 600)
    asked: list[str] = []

    def tags() -> list[QRect]:
        asked.append("tags")
        return [QRect(10, 20 * number, 200, 18) for number in range(25)]

    def price() -> QRect:
        asked.append("price")
        return QRect(0, 280, 820, 40)

    stack = ToastStack(area, price, tags)
    stack.show("Bought 0.1 BTC at 64,250.0")
    assert sorted(asked) == ["price", "tags"]
    stack.toasts()[0].close()
