"""F1 opens the user guide, which is the file that the repository shows."""

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QLineEdit,
    QTabBar,
    QTextBrowser,
    QWidget,
)

from desktop.widgets.help_sections import SECTIONS
from desktop.widgets.help_window import HelpWindow
from desktop.widgets.tooltips import TIPS


def page_of(desk) -> QTextBrowser:
    return desk.find(QTextBrowser, "help.page")


def test_f1_shows_the_guide_with_its_pictures(desk):
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_F1)
    guide = desk.find(HelpWindow, "help")
    assert guide.isVisible()
    text = page_of(desk).toPlainText()
    assert "hollow ring" in text
    assert "striped amber" in text
    assert not guide.grab().toImage().isNull()


def test_the_button_opens_the_same_window_again_and_esc_closes_it(desk):
    desk.click("header.help")
    guide = desk.find(HelpWindow, "help")
    desk.qtbot.keyClick(guide, Qt.Key.Key_Escape)
    desk.qtbot.waitUntil(lambda: not guide.isVisible())
    desk.click("header.help")
    assert guide.isVisible()
    assert len(desk.window.findChildren(HelpWindow)) == 1


def test_a_wide_picture_fits_the_page(desk):
    desk.click("header.help")
    page = page_of(desk)
    assert page.document().size().width() <= page.viewport().width()
    assert page.size().width() > QSize(600, 0).width()


def test_closing_the_window_closes_the_guide(desk):
    desk.click("header.help")
    desk.window.close()
    assert not desk.find(HelpWindow, "help").isVisible()


def test_enter_in_a_field_goes_on_and_sends_nothing(desk):
    desk.type_into("orderTicket.price", "64000")
    field = desk.find(QWidget, "orderTicket.price")
    field.setFocus()
    desk.qtbot.keyClick(field, Qt.Key.Key_Return)
    assert desk.commands == []


def heading_at_the_top(page: QTextBrowser) -> str:
    block = page.cursorForPosition(page.viewport().rect().topLeft()).block()
    while block.isValid() and not block.blockFormat().headingLevel():
        block = block.next()
    return block.text()


def test_f1_opens_the_section_of_the_focused_panel(desk):
    for name in ("orderTicket.price", "positions.table"):
        desk.find(QWidget, name).setFocus()
        desk.qtbot.keyClick(desk.window, Qt.Key.Key_F1)
        panel = "orderTicket" if name.startswith("orderTicket") else name
        assert heading_at_the_top(page_of(desk)) == SECTIONS[panel]


def test_f1_comes_back_from_another_page(desk):
    desk.find(QWidget, "orderTicket.price").setFocus()
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_F1)
    page = page_of(desk)
    page.setSource(page.source().resolved(QUrl("paper-exchange.md")))
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_F1)
    assert page.source().fileName() == "guide.md"
    assert heading_at_the_top(page) == "Placing an order"


def test_every_section_that_f1_knows_is_in_the_guide(desk):
    desk.click("header.help")
    block, headings = page_of(desk).document().begin(), set()
    while block.isValid():
        if block.blockFormat().headingLevel():
            headings.add(block.text())
        block = block.next()
    assert set(SECTIONS.values()) - headings == set()
    missing = [name for name in SECTIONS if desk.window.findChild(QWidget, name) is None]
    assert missing == []


def test_every_control_says_what_it_is_for(full_desk):
    kinds = (QAbstractButton, QLineEdit, QComboBox, QTabBar)
    silent = {
        control.objectName()
        for kind in kinds
        for control in full_desk.window.findChildren(kind)
        # a tab bar's own arrows, and the parts of a combo box, have no name of ours
        if "." in control.objectName() and not control.toolTip()
    }
    # the two buttons say what is missing; when nothing is, their word says it all
    assert silent <= {"orderTicket.side.buy", "orderTicket.side.sell"}
    assert [name for name in TIPS if full_desk.window.findChild(QWidget, name) is None] == []
