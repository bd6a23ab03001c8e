"""Tags on the chart: words in a box that say what a line is, and how sure it is."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QPainter, QPen, QPixmap

from desktop.models.order_certainty import Certainty
from desktop.theme import palette
from desktop.widgets.inks import hairline, ink, words_font, words_px

TAG_PX = 18
CLOSE_PX = 18
TAGS_LEFT_PX = 8
STALE_OPACITY = 0.45  # own orders that may have changed unseen
_PAD_PX = 7
_PICTURES_KEPT = 256
_LEFT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)


class TagLook(msgspec.Struct, frozen=True):
    """Filled: the exchange has it. Dim: it waits for a trigger. Hollow: not confirmed."""

    text: str
    colour: str
    certainty: Certainty
    is_conditional: bool
    has_cross: bool

    @property
    def width(self) -> int:
        return words_width(self.text) + (CLOSE_PX if self.has_cross else 0)

    def inks(self) -> tuple[str, str]:
        """Ground and text."""
        if self.certainty is not Certainty.CONFIRMED:
            return palette.BACKGROUND, self.colour
        if self.is_conditional:
            soft = palette.BUY_BAR if self.colour == palette.BUY else palette.SELL_BAR
            return soft, self.colour
        return self.colour, palette.BACKGROUND


class TagPictures:
    """Tags are kept as pictures: most orders have the same few texts."""

    def __init__(self) -> None:
        self._kept: dict[tuple[TagLook, float], QPixmap] = {}

    def forget(self) -> None:
        """Fonts and colours were exchanged."""
        self._kept.clear()

    def picture(self, look: TagLook, ratio: float) -> QPixmap:
        picture = self._kept.get((look, ratio))
        if picture is None:
            if len(self._kept) > _PICTURES_KEPT:
                self._kept.clear()
            picture = self._kept[look, ratio] = _draw(look, ratio)
        return picture


def _draw(look: TagLook, ratio: float) -> QPixmap:
    width = look.width
    picture = QPixmap(round(width * ratio), round(TAG_PX * ratio))
    picture.setDevicePixelRatio(ratio)
    tag = QRectF(0, 0, width, TAG_PX)
    painter = QPainter(picture)
    painter.setFont(words_font())
    ground, colour = look.inks()
    painter.fillRect(tag, ink(ground))
    if look.certainty is Certainty.UNKNOWN:
        paint_stripes(painter, tag)
    if ground != look.colour:
        confirmed = look.certainty is Certainty.CONFIRMED
        style = Qt.PenStyle.SolidLine if confirmed else Qt.PenStyle.DashLine
        painter.setPen(hairline(look.colour, style))
        painter.drawRect(tag.adjusted(0, 0, -1, -1))
    painter.setPen(ink(colour))
    painter.drawText(tag.adjusted(_PAD_PX, 0, 0, 0), _LEFT, look.text)
    if look.has_cross:
        paint_cross(painter, QPointF(width - CLOSE_PX / 2, TAG_PX / 2), colour)
    painter.end()
    return picture


def paint_stripes(painter: QPainter, rect: QRectF) -> None:
    """The amber stripes that mean: nobody knows yet."""
    painter.fillRect(rect, ink(palette.UNKNOWN_SOFT))
    painter.fillRect(rect, QBrush(ink(palette.UNKNOWN, 90), Qt.BrushStyle.BDiagPattern))


def paint_cross(painter: QPainter, centre: QPointF, colour: str) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(ink(colour), 1.4))
    x, y, r = centre.x(), centre.y(), 3.2
    painter.drawLine(QLineF(x - r, y - r, x + r, y + r))
    painter.drawLine(QLineF(x - r, y + r, x + r, y - r))
    painter.restore()


def words_width(text: str) -> int:
    return words_px(text) + 2 * _PAD_PX


def paint_words(
    painter: QPainter,
    at: QPointF,
    text: str,
    colour: str,
    ground: str,
    border: str | None = None,
    extra_px: int = 0,
) -> QRectF:
    """A small filled tag with its left edge and middle at `at`; returns its rectangle.

    `extra_px` is room kept at its right end.
    """
    painter.setFont(words_font())
    width = words_width(text) + extra_px
    rect = QRectF(round(at.x()), round(at.y() - TAG_PX / 2), width, TAG_PX)
    painter.fillRect(rect, ink(ground))
    if border is not None:
        painter.setPen(hairline(border))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(rect.adjusted(0, 0, -1, -1))
    painter.setPen(ink(colour))
    painter.drawText(rect.adjusted(_PAD_PX, 0, 0, 0), _LEFT, text)
    return rect
