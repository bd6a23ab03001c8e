"""What is heard, what the tray says, and what the window warns of by itself."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtWidgets import QApplication, QCheckBox, QDoubleSpinBox, QLabel, QSpinBox

from desktop.models.notices import Notice, NoticeChoices
from desktop.models.preferences import Preferences
from desktop.widgets.notice_desk import NoticeDesk
from engine.commands import LoadCandles, PlaceOrder
from engine.events import (
    Alert,
    CommandRefused,
    FillRecorded,
    MarkPrice,
    OrderChanged,
    PositionChanged,
)
from engine.events.protection import BracketChanged
from engine.trading_types import (
    AlertLevel,
    BracketState,
    OrderStatus,
    OrderType,
    Side,
    StreamState,
)
from tests.gui import scene
from tests.gui.conftest import Desk

D = Decimal


@pytest.fixture
def heard(desk: Desk) -> list[str]:
    names: list[str] = []
    desk.window.sound_wanted.connect(names.append)
    return names


class FakeTray:
    def __init__(self) -> None:
        self.told: list[str] = []

    def tell(self, sentence: str, _level: AlertLevel) -> None:
        self.told.append(sentence)

    def close(self) -> None:
        pass


def mark(price: float, *, funding_in_min: float = 60, symbol: str = "BTCUSDT") -> MarkPrice:
    return MarkPrice(
        symbol=symbol,
        event_ms=scene.NOW_MS,
        mark_price=price,
        funding_rate="0.00010000",
        next_funding_ms=scene.NOW_MS + round(funding_in_min * 60_000),
    )


def market_order() -> PlaceOrder:
    return PlaceOrder(symbol="BTCUSDT", side=Side.BUY, type=OrderType.MARKET, quantity=D(1))


def test_a_fill_is_heard_once_and_history_is_not(desk: Desk, heard: list[str]) -> None:
    desk.feed(FillRecorded(fill=scene.fill(1, time_ms=scene.NOW_MS - 1)))
    assert heard == []
    desk.feed(FillRecorded(fill=scene.fill(2)), FillRecorded(fill=scene.fill(2)))
    assert heard == [Notice.FILL]


def test_refusals_are_heard_but_not_those_of_data(desk: Desk, heard: list[str]) -> None:
    read = LoadCandles(symbol="BTCUSDT", interval="1m")
    desk.feed(CommandRefused(command=read, sentence="Busy."))
    assert heard == []
    desk.feed(CommandRefused(command=market_order(), sentence="Too much."))
    rejected = scene.order(status=OrderStatus.REJECTED, updated_at=scene.NOW_MS, reason="No.")
    desk.feed(OrderChanged(order=rejected), OrderChanged(order=rejected))
    assert heard == [Notice.REFUSAL, Notice.REFUSAL]


def test_a_cut_of_all_streams_is_heard_once(desk: Desk, heard: list[str]) -> None:
    desk.feed(*scene.streams(StreamState.DISCONNECTED))
    assert heard == [Notice.DISCONNECT]
    desk.feed(*scene.streams(), *scene.streams(StreamState.STALE))
    assert heard == [Notice.DISCONNECT, Notice.DISCONNECT]


def test_a_bare_position_is_heard_until_it_is_covered(desk: Desk, heard: list[str]) -> None:
    desk.feed(BracketChanged(bracket=scene.bracket()), BracketChanged(bracket=scene.bracket()))
    assert heard == [Notice.UNPROTECTED]
    covered = scene.bracket(state=BracketState.PROTECTED, unprotected_since_ms=None)
    desk.feed(BracketChanged(bracket=covered), BracketChanged(bracket=scene.bracket()))
    assert heard == [Notice.UNPROTECTED, Notice.UNPROTECTED]


def test_a_warning_is_heard_and_news_are_not(desk: Desk, heard: list[str]) -> None:
    for level in (AlertLevel.INFO, AlertLevel.WARNING):
        desk.feed(Alert(level=level, code="X", sentence="Something.", at_ms=scene.NOW_MS))
    assert heard == [Notice.ALERT]


def test_funding_of_a_position_is_told_with_its_amount(desk: Desk, heard: list[str]) -> None:
    desk.feed(mark(64250.0, funding_in_min=9))
    assert heard == []  # nothing is held
    desk.feed(PositionChanged(position=scene.position()), mark(64250.0, funding_in_min=9))
    sentence = "Funding of BTCUSDT in 9 min: about -1.61 (rate +0.0100%)."
    assert desk.window.toasts.sentences() == [sentence]
    assert [row.sentence for row in desk.window.account.models.alerts.rows()] == [sentence]
    desk.feed(mark(64251.0, funding_in_min=9))
    assert heard == [Notice.ALERT]


def test_a_near_liquidation_is_told_loud(desk: Desk, heard: list[str]) -> None:
    desk.feed(PositionChanged(position=scene.position()), mark(64250.0))
    assert heard == []
    desk.feed(mark(60000.0), mark(59990.0))
    assert desk.window.toasts.sentences() == [
        "BTCUSDT: the mark price is 3.1 % from liquidation at 58,120.4."
    ]
    assert heard == [Notice.ALERT]


def test_the_tray_speaks_while_the_window_is_behind(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    tray = FakeTray()
    notices = desk.window.notices
    monkeypatch.setattr(notices, "tray", tray)
    monkeypatch.setattr(desk.window, "isActiveWindow", lambda: True)
    desk.feed(FillRecorded(fill=scene.fill(5)))
    assert tray.told == []
    monkeypatch.setattr(desk.window, "isActiveWindow", lambda: False)
    desk.feed(FillRecorded(fill=scene.fill(6)))
    assert tray.told == ["Filled: BUY 0.050 BTCUSDT at 64,200.0"]
    notices.set_choices(NoticeChoices(has_tray=False))
    desk.feed(FillRecorded(fill=scene.fill(7)))
    assert len(tray.told) == 1


def test_sounds_are_muted_heard_and_kept_by_the_dialog(
    desk: Desk, heard: list[str], tmp_path: Path
) -> None:
    desk.window.preferences = desk.window.notices._preferences = Preferences(tmp_path / "p.json")
    desk.window.dialogs.show_notices()
    desk.find(QCheckBox, "notices.sound.fill").click()
    desk.find(QCheckBox, "notices.tray").click()
    desk.find(QSpinBox, "notices.funding").setValue(30)
    desk.find(QDoubleSpinBox, "notices.liquidation").setValue(12.5)
    desk.click("notices.hear.refusal")
    desk.click("notices.close")
    assert heard == [Notice.REFUSAL]
    desk.feed(FillRecorded(fill=scene.fill(8)))
    assert heard == [Notice.REFUSAL]
    desk.window.preferences.save()
    kept = NoticeDesk(
        desk.window, desk.window.account, Preferences(tmp_path / "p.json"), lambda: 0
    ).choices
    assert kept == NoticeChoices(
        muted=frozenset({Notice.FILL}), has_tray=False, funding_min=30, liquidation_pct=12.5
    )


def test_damaged_choices_are_made_anew(desk: Desk) -> None:
    preferences = Preferences(None)
    preferences.put("notices", {"funding_min": "soon"})
    made = NoticeDesk(desk.window, desk.window.account, preferences, lambda: 0)
    assert made.choices == NoticeChoices()


def test_a_click_on_the_tray_brings_the_window_back(desk: Desk) -> None:
    desk.window.showMinimized()
    desk.window.notices.tray.clicked.emit()
    assert not desk.window.isMinimized()


def test_only_positions_of_that_symbol_count(desk: Desk, heard: list[str]) -> None:
    held = replace(scene.position(), symbol="ETHUSDT", liquidation_price=D("3000"))
    desk.feed(PositionChanged(position=held), mark(3010.0, symbol="SOLUSDT"))
    assert heard == []


def test_notices_are_read_whole_and_leave_the_newest_prices_free(desk: Desk) -> None:
    desk.window.resize(1280, 720)
    QApplication.processEvents()
    chart, toasts = desk.window.market.chart, desk.window.toasts
    for number in range(4):
        toasts.show(f"The scaled order {number} of BTCUSDT ended, 0.000 filled. Stopped by hand.")
    QApplication.processEvents()
    shown = [toast for toast in toasts.toasts() if toast.isVisible()]
    assert shown[0].sentence().startswith("The scaled order 3")
    for toast in shown:
        words = toast.findChild(QLabel, "toast.sentence")
        assert words.height() >= words.heightForWidth(words.width())
        assert not toast.geometry().intersects(chart.newest_part())
        assert toast.geometry().right() < chart._scene.frame.price_axis.left()
    assert len(shown) < 4
    toasts.show("Short.", key="rewritten")
    toasts.show("Rewritten with so many words that they need two lines at least.", key="rewritten")
    words = toasts.toasts()[0].findChild(QLabel, "toast.sentence")
    QApplication.processEvents()
    assert words.height() >= words.heightForWidth(words.width())
    for toast in shown:
        toast.close()
    assert toasts.toasts()[0].isVisible(), "there is room now"
