"""Fonts, colours and style sheet hold together."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor, QFontDatabase
from PySide6.QtWidgets import QApplication

from desktop.theme import palette
from desktop.theme.apply_theme import apply_theme, style_sheet
from desktop.theme.fonts import MONO_FAMILY, UI_FAMILY
from desktop.theme.icons import icon_pixmap
from desktop.theme.order_marks import order_mark
from desktop.theme.resources import resource_path
from engine.trading_types import OrderStatus
from engine.views import AmendInFlight
from tests.gui.scene import order


def luminance(colour: str) -> float:
    def channel(value: float) -> float:
        return value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4

    ink = QColor(colour)
    parts = zip((0.2126, 0.7152, 0.0722), (ink.redF(), ink.greenF(), ink.blueF()), strict=True)
    return sum(weight * channel(value) for weight, value in parts)


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("ink", "ground", "least"),
    [
        (palette.TEXT, palette.PANEL, 4.5),
        (palette.TEXT_DIM, palette.PANEL, 4.5),
        (palette.TEXT_FAINT, palette.PANEL, 3.0),
        (palette.BUY, palette.PANEL, 4.5),
        (palette.SELL, palette.PANEL, 4.5),
        (palette.UNKNOWN, palette.PANEL, 4.5),
        (palette.TEXT_ON_COLOUR, palette.BUY_BUTTON, 4.5),
        (palette.TEXT_ON_COLOUR, palette.SELL_BUTTON, 4.5),
        (palette.TEXT, palette.SELECTION, 4.5),
    ],
)
def test_text_can_be_read(ink: str, ground: str, least: float) -> None:
    assert contrast(ink, ground) >= least


def test_every_name_in_the_style_sheet_is_filled_in() -> None:
    assert "$" not in style_sheet().split("*/", maxsplit=1)[1]


def test_shipped_fonts_are_found_with_their_licences(qapp: QApplication) -> None:
    apply_theme(qapp)
    assert {UI_FAMILY, MONO_FAMILY} <= set(QFontDatabase.families())
    assert len(list(resource_path("fonts").glob("LICENSE-*.txt"))) == 2


def test_every_icon_draws_something(qapp: QApplication) -> None:
    for file in resource_path("icons").glob("*.svg"):
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
