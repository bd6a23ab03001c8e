"""F1 opens the user guide, which is the file that the repository shows."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QTextBrowser, QWidget

from desktop.widgets.help_window import HelpWindow


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
