"""How a cell looks: text, order mark, a wanted value beside the true one, a button."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QLineEdit, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from desktop.models.table_model import Cell, CellRole, Look
from desktop.theme import palette
from desktop.theme.fonts import mono_font, ui_font
from desktop.theme.order_marks import MarkShape, paint_mark
from desktop.widgets.inks import ink

if TYPE_CHECKING:
    from PySide6.QtWidgets import QStyle

Index = QModelIndex | QPersistentModelIndex

PADDING = 8
MARK_WIDTH = 15
ROW_HEIGHT = 24


class CellDelegate(QStyledItemDelegate):
    """Paints straight from the model's roles; several times cheaper than the style."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.redress()
        self.hovered_row = -1
        self.is_stale = False
        self.is_closed = False  # the buttons are off

    def redress(self) -> None:
        self._text_font = ui_font()
        self._number_font = mono_font()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        # by the value's own type: QStyle by name makes a dozen enums while the program starts
        if state & type(state).State_Selected:
            painter.fillRect(area, QColor(palette.SELECTION))
        elif index.row() == self.hovered_row:
            painter.fillRect(area, QColor(palette.ROW_HOVER))
        look: Look = index.data(CellRole.LOOK)
        if look.is_flat:
            painter.setFont(self._text_font)
            painter.setPen(self._ink(look.cell))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, look.cell.text)
        elif look.is_button:
            self._paint_button(painter, area, look.cell, is_hot=index.row() == self.hovered_row)
        else:
            self._paint_cell(painter, area, look)
        painter.restore()

    def action_of(self, index: Index) -> str | None:
        """The act of the button that this cell is; None for a cell of text."""
        horizontal = Qt.Orientation.Horizontal
        action = index.model().headerData(index.column(), horizontal, CellRole.ACTION)
        return None if action is None else str(action)

    def button_rect(self, area: QRect) -> QRect:
        return area.adjusted(6, 3, -6, -3)

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:
        font = self._number_font if index.data(Qt.ItemDataRole.FontRole) else self._text_font
        width = QFontMetrics(font).horizontalAdvance(str(index.data() or ""))
        return QSize(width + 2 * PADDING, ROW_HEIGHT)

    # --- painting -------------------------------------------------------------

    def _paint_cell(self, painter: QPainter, area: QRect, look: Look) -> None:
        cell = look.cell
        painter.setFont(self._number_font if look.numeric else self._text_font)
        inside = area.adjusted(PADDING, 0, -PADDING, 0)
        if cell.mark is not None:
            spot = QRectF(inside.left() - 2, inside.top(), MARK_WIDTH - 2, inside.height())
            paint_mark(painter, spot, cell.mark.shape, cell.mark.colour)
            inside.setLeft(inside.left() + MARK_WIDTH)
        if cell.pending:
            inside = self._paint_pending(painter, inside, cell.pending)
        painter.setPen(self._ink(cell))
        side = Qt.AlignmentFlag.AlignRight if look.numeric else Qt.AlignmentFlag.AlignLeft
        self._draw(painter, inside, cell.text, Qt.AlignmentFlag.AlignVCenter | side)

    def _paint_pending(self, painter: QPainter, inside: QRect, pending: str) -> QRect:
        """The wanted value on the right, with a hollow ring: asked, not true yet."""
        width = painter.fontMetrics().horizontalAdvance(pending)
        painter.setPen(QColor(palette.IN_FLIGHT))
        painter.drawText(
            inside, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, pending
        )
        spot = QRectF(inside.right() - width - 14, inside.top(), 10, inside.height())
        paint_mark(painter, spot, MarkShape.RING, palette.IN_FLIGHT)
        return inside.adjusted(0, 0, -width - 20, 0)

    def _paint_button(self, painter: QPainter, area: QRect, cell: Cell, *, is_hot: bool) -> None:
        if not cell.text:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = self.button_rect(area)
        painter.setPen(QPen(QColor(palette.LINE_STRONG), 1))
        is_hot = is_hot and not self.is_closed
        painter.setBrush(QColor(palette.RAISED_HOVER if is_hot else palette.RAISED))
        painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        painter.setFont(ui_font(11))
        painter.setPen(QColor(palette.TEXT) if is_hot else self._button_ink(cell))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, cell.text)

    def _button_ink(self, cell: Cell) -> QColor:
        return QColor(palette.TEXT_OFF) if self.is_closed else self._ink(cell)

    def _ink(self, cell: Cell) -> QColor:
        return ink(palette.STALE if self.is_stale else cell.colour or palette.TEXT)

    def _draw(self, painter: QPainter, area: QRect, text: str, alignment: Qt.AlignmentFlag) -> None:
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, alignment, shown)

    # --- editing --------------------------------------------------------------

    def createEditor(
        self, parent: QWidget, _option: QStyleOptionViewItem, index: Index
    ) -> QLineEdit:
        editor = QLineEdit(parent)
        title = index.model().headerData(index.column(), Qt.Orientation.Horizontal)
        editor.setObjectName(f"cellEditor.{title}")
        editor.setAccessibleName(f"New {title}")
        editor.setFont(self._number_font)
        editor.setAlignment(Qt.AlignmentFlag.AlignRight)
        return editor

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """Once only: an update of the order must not overwrite what is being typed."""
        assert isinstance(editor, QLineEdit)
        if not editor.property("filled"):
            editor.setProperty("filled", True)
            editor.setText(str(index.data(Qt.ItemDataRole.EditRole)))
            editor.selectAll()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        assert isinstance(editor, QLineEdit)
        model.setData(index, editor.text(), Qt.ItemDataRole.EditRole)

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, _index: Index
    ) -> None:
        editor.setGeometry(option.rect)

    def eventFilter(self, editor: object, event: QEvent) -> bool:
        """Leaving the cell without Enter gives the edit up: a price is set on purpose only."""
        if event.type() == QEvent.Type.FocusOut and isinstance(editor, QLineEdit):
            self.closeEditor.emit(editor, QStyledItemDelegate.EndEditHint.RevertModelCache)
            return True
        return super().eventFilter(editor, event)  # type: ignore[arg-type]
