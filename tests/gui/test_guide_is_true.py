"""What the user guide quotes stands in the program: labels, typed phrases and keys."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QTabBar,
    QWidget,
)

from desktop.main_window import MainWindow
from desktop.models.keymap import ACTS
from desktop.theme.resources import resource_path
from desktop.widgets.data_table import DataTable
from desktop.widgets.hint_bubble import HintBubble
from desktop.widgets.review_figures import ReviewFigures
from engine.events.keys import KeyPlace, KeysListed
from engine.events.paper import FaultView, PaperChanged, PaperView
from engine.events.recording import PlaybackChanged, PlaybackView
from engine.trading_types import EnvironmentKind, MarginType, PositionSide
from tests.gui.conftest import Desk

GUIDE = resource_path("help", "guide.md").read_text(encoding="utf-8")
# said in prose, not on a control; or put together from what stands there
PROSE = {
    "Buy / Sell at the best bid / ask": "the four keys of the group Trade, in one breath",
    "Isolated": "what the margin button says once it is chosen",
    "No answer": "a stream's state while the exchange is late",
    "Crashed": "a strategy's state",
    "Hangs": "a strategy's state",
}
_VERBS = (
    r"(buy|sell|stop|tp|bracket|chase|close|reverse|flatten|cancel|lev|sol|scale|twap|deadman) "
)
# keys that are no act of the keymap
OTHER_KEYS = {"Ctrl+click", "Ctrl+C"}


def quoted() -> set[str]:
    """*Words* with a capital: names of controls. Others are emphasis."""
    found = re.findall(r"(?<!\*)\*([A-Z0-9.][^*\n]*)\*(?!\*)", GUIDE)
    return {words.rstrip(" .…,:") or words for words in found} - set(PROSE)


def open_everything(desk: Desk) -> None:
    """Every panel and dialog that the guide speaks of."""
    window: MainWindow = desk.window
    window.market.ticket.set_margin_type(MarginType.CROSSED)
    window.docks.paper.show()
    window.docks.strategies.show()
    faults = (FaultView(number=1, fault="reply_lost", played=0),)
    desk.feed(PaperChanged(paper=PaperView(is_ours=True, is_running=True, faults=faults)))
    HintBubble(window)
    window.dialogs.show_settings()
    window.dialogs.show_notices()
    window.review.open()
    window.keys.open()
    desk.feed(KeysListed(request_id="", places={"testnet": KeyPlace.KEY_STORE}, has_store=True))
    key = ("BTCUSDT", PositionSide.BOTH)
    window.account.position_acts.ask_protect(key)
    desk.click("orderTicket.plan")
    window.set_environment("recording", EnvironmentKind.RECORDING)
    view = PlaybackView(environment="paper", share_read=1.0)
    desk.feed(PlaybackChanged(playback=view))


def said_by(window: QWidget) -> Iterator[str]:
    for widget in window.findChildren(QWidget):
        if isinstance(widget, QAbstractButton | QLabel):
            yield widget.text()
        if isinstance(widget, QLineEdit):
            yield widget.placeholderText()
            yield widget.accessibleName()
        if isinstance(widget, QComboBox):
            yield from (widget.itemText(n) for n in range(widget.count()))
        if isinstance(widget, QListWidget):
            yield from (widget.item(n).text() for n in range(widget.count()))
        if isinstance(widget, QTabBar):
            yield from (widget.tabText(n) for n in range(widget.count()))
        if isinstance(widget, DataTable):
            yield from (column.title for column in widget.source().columns())
            keys = widget.shown_keys()
            for column in widget.source().columns():
                yield from (str(widget.index_of(k, column.title).data() or "") for k in keys[:3])
        if isinstance(widget, ReviewFigures):
            yield from (cell._caption for cell in widget.cells.values())
    yield from (action.text() for action in window.findChildren(QAction))
    yield from (act.title for act in ACTS)


def test_every_name_that_the_guide_quotes_stands_in_the_program(full_desk: Desk) -> None:
    open_everything(full_desk)
    said = [text.replace("&", "").lower() for text in said_by(full_desk.window)]
    said += ["size"]  # painted in the ticket's summary
    missing = {name for name in quoted() if not any(text.startswith(name.lower()) for text in said)}
    assert missing == set()


@pytest.mark.parametrize(
    "phrase",
    [phrase for phrase in re.findall(r"`([^`\n]+)`", GUIDE) if re.match(_VERBS, phrase)],
)
def test_every_phrase_that_the_guide_types_is_understood(full_desk: Desk, phrase: str) -> None:
    box = full_desk.window.palette_box
    box.open()
    QTest.keyClicks(full_desk.find(QLineEdit, "palette.input"), phrase)
    preview = full_desk.find(QLabel, "palette.preview").text()
    assert preview.startswith("⏎"), preview


def test_every_key_that_the_guide_names_is_one() -> None:
    named = set(re.findall(r"\b(?:Ctrl|Alt)\+(?:Shift\+)?(?:[A-Za-z0-9]+|,)", GUIDE))
    known = {act.key for act in ACTS} | OTHER_KEYS
    assert {key for key in named if key not in known} == set()
