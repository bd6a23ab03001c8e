"""Fonts, colours and style sheet hold together."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QColor, QFontDatabase
from PySide6.QtWidgets import QApplication, QLabel

from desktop.theme import palette
from desktop.theme.apply_theme import Look, apply_theme, style_sheet
from desktop.theme.colours import LIGHT, PAIRS, THEMES, look_of
from desktop.theme.fonts import MONO_FAMILY, UI_FAMILY, ui_font
from desktop.theme.icons import icon_pixmap
from desktop.theme.order_marks import order_mark
from desktop.theme.resources import resource_path
from engine.trading_types import OrderStatus
from engine.views import AmendInFlight
from tests.gui.scene import order


@pytest.fixture
def theme_of_tests(qapp: QApplication) -> Iterator[None]:
    yield
    apply_theme(qapp)


def luminance(colour: str) -> float:
    def channel(value: float) -> float:
        return value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4

    ink = QColor(colour)
    parts = zip((0.2126, 0.7152, 0.0722), (ink.redF(), ink.greenF(), ink.blueF()), strict=True)
    return sum(weight * channel(value) for weight, value in parts)


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


LOOKS = [(theme, pair) for theme in THEMES for pair in PAIRS]
GROUNDS = ("BACKGROUND", "PANEL", "HEADER", "RAISED", "FIELD", "ROW_HOVER")
INKS = ("TEXT", "TEXT_DIM", "TEXT_FAINT", "BUY", "SELL", "ACCENT", "IN_FLIGHT")
INKS += ("UNKNOWN", "OK", "WARNING", "ERROR")
BUTTONS = ("BUY_BUTTON", "SELL_BUTTON", "KILL")
BADGES = ("PAPER", "LIVE", "RECORDING")
READ = [
    *((ink, ground, 4.5) for ink in INKS for ground in GROUNDS),
    *((ink, ground, 3.0) for ink in ("STALE",) for ground in ("BACKGROUND", "PANEL")),
    *((ink, "BACKGROUND", 4.5) for ink in ("OVERLAY_1", "OVERLAY_2", "OVERLAY_3", "ALERT_LINE")),
    *(
        ("TEXT_ON_COLOUR", f"{button}{state}", 4.5)
        for button in BUTTONS
        for state in ("", "_HOVER", "_PRESSED")
    ),
    *(("TEXT_ON_COLOUR", badge, 4.5) for badge in BADGES),
    *(("TEXT", ground, 4.5) for ground in ("SELECTION", "ACCENT_SOFT", "ERROR_SOFT")),
    ("BUY", "SELECTION", 4.5),
    ("SELL", "SELECTION", 4.5),
    ("BUY", "BUY_BAR", 4.5),
    ("SELL", "SELL_BAR", 4.5),
    ("WARNING", "UNKNOWN_SOFT", 4.5),
    ("BACKGROUND", "BUY", 4.5),
    ("BACKGROUND", "SELL", 4.5),
]


@pytest.mark.parametrize(("theme", "pair"), LOOKS)
def test_text_can_be_read(theme: str, pair: str) -> None:
    named = look_of(theme, pair).named()
    faint = {
        (ink, ground): contrast(named[ink], named[ground])
        for ink, ground, least in READ
        if contrast(named[ink], named[ground]) < least
    }
    assert not faint


@pytest.mark.parametrize("theme", THEMES)
def test_the_safe_pair_differs_in_blue_and_not_in_green_against_red(theme: str) -> None:
    colours = look_of(theme, PAIRS[1])
    buy, sell = QColor(colours.BUY), QColor(colours.SELL)
    assert buy.blue() > buy.red()
    assert sell.red() > sell.blue() + 80
    assert look_of(theme, PAIRS[0]).KILL == colours.KILL


def test_what_was_made_of_colours_is_made_anew(theme_of_tests: None) -> None:
    before = order_mark(order()).colour
    palette.take(LIGHT)
    assert order_mark(order()).colour == LIGHT.ACCENT
    assert palette.renewed(before) == LIGHT.ACCENT


def test_fonts_follow_the_chosen_size(qapp: QApplication, theme_of_tests: None) -> None:
    label = QLabel("word")
    label.setFont(ui_font(11))
    apply_theme(qapp, Look(font_px=14))
    assert (label.font().pixelSize(), ui_font().pixelSize()) == (13, 14)
    apply_theme(qapp, Look(font_px=11))
    apply_theme(qapp)
    assert label.font().pixelSize() == 11


def test_every_name_in_the_style_sheet_is_filled_in() -> None:
    assert "$" not in style_sheet().split("*/", maxsplit=1)[1]


def test_shipped_fonts_are_found_with_their_licences(qapp: QApplication) -> None:
    apply_theme(qapp)
    assert {UI_FAMILY, MONO_FAMILY} <= set(QFontDatabase.families())
    assert len(list(resource_path("fonts").glob("LICENSE-*.txt"))) == 2


def test_every_icon_draws_something(qapp: QApplication) -> None:
    icons = list(resource_path("icons").glob("*.svg"))
    assert icons
    for file in icons:
        image = icon_pixmap(file.stem, palette.TEXT).toImage()
        inked = any(
            image.pixelColor(x, y).alpha()
            for x in range(0, image.width(), 2)
            for y in range(image.height())
        )
        assert inked, file.name


def test_every_status_has_a_mark_with_words() -> None:
    for status in OrderStatus:
        assert order_mark(order(status=status)).words


def test_amend_in_flight_shows_unless_the_order_itself_is_in_doubt() -> None:
    amend = AmendInFlight(price=order().price, quantity=order().orig_qty)
    assert order_mark(order(amend=amend)).words == "Amending"
    assert order_mark(order(amend=amend, status=OrderStatus.UNKNOWN)).words == "Unknown"
