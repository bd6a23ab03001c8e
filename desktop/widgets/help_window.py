"""The user guide, shown by F1: the shipped Markdown pages with their pictures."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from PySide6.QtCore import QSize, Qt, QUrl, Signal, Slot
from PySide6.QtGui import QImage, QKeyEvent, QTextBlockFormat, QTextCursor, QTextDocument
from PySide6.QtWidgets import QHBoxLayout, QTextBrowser, QVBoxLayout, QWidget

from desktop.models.keymap import ACTS, Keymap
from desktop.theme.fonts import ui_font
from desktop.theme.resources import resource_path
from desktop.widgets.buttons import make_button

_SIZE = QSize(1200, 720)
_PICTURE_PX = 780
_KEYS_PX = 340
_FIRST_PAGE = "guide.md"
_ABOVE_HEADING_PX = 22
_BELOW_PX = 9


class HelpWindow(QWidget):
    """A window of its own; made when first asked for, then only shown again."""

    hints_wanted = Signal()  # those of the first trade, once more

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowFlag(self.windowFlags().Window)
        self.setObjectName("help")
        self.setAccessibleName("User guide")
        self.setWindowTitle("Perpdesk - user guide")
        self.resize(_SIZE)
        self.page = _Page(self)
        self.page.setSource(_first_page())
        self.page.sourceChanged.connect(self.page.air)
        self.page.air()
        self.keys = QTextBrowser(self)
        self.keys.setObjectName("help.keys")
        self.keys.setAccessibleName("Your keys")
        self.keys.setFixedWidth(_KEYS_PX)
        self.keys.setFrameShape(QTextBrowser.Shape.NoFrame)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.page, 1)
        self.hints = make_button(
            "help.hints", "Show the first trade's hints again", "plain", height=30, parent=self
        )
        self.hints.setToolTip("Guides through a trade on PAPER, with hints at the real controls")
        self.hints.clicked.connect(self._ask_for_hints)
        side = QVBoxLayout()
        side.setContentsMargins(0, 0, 12, 12)
        side.addWidget(self.keys, 1)
        side.addWidget(self.hints)
        row.addLayout(side)

    def offer_hints(self, can_begin: bool) -> None:
        """Where there is a first trade to be guided through: on PAPER."""
        self.hints.setVisible(can_begin)

    @Slot()
    def _ask_for_hints(self) -> None:
        self.close()
        self.hints_wanted.emit()

    def show_keys(self, keymap: Keymap) -> None:
        """As they are now, also after a person changed them."""
        self.keys.setHtml(_keys_html(keymap.keys()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def open(self, section: str = "") -> None:
        """`section` is a heading of the guide; without one the page stays where it was."""
        self.show()
        self.activateWindow()  # also brings it to the front
        if section:
            self.page.show_section(section)  # shown by now: its lines have their width


def _keys_html(keys: Mapping[str, str]) -> str:
    lines = ["<h3>Your keys</h3>"]
    for group in dict.fromkeys(act.group for act in ACTS):
        rows = "".join(
            f"<tr><td><b>{escape(keys[act.name]) or '-'}</b>&nbsp;</td>"
            f"<td>{escape(act.title)}</td></tr>"
            for act in ACTS
            if act.group == group
        )
        lines.append(f"<h4>{escape(group)}</h4><table cellpadding=2>{rows}</table>")
    return "".join(lines)


class _Page(QTextBrowser):
    """Markdown with pictures no wider than the page."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("help.page")
        self.setAccessibleName("User guide")
        self.setFont(ui_font(13))
        self.document().setDocumentMargin(24)
        self.setFrameShape(self.Shape.NoFrame)

    def show_section(self, heading: str) -> None:
        """The heading goes to the top of the page; also when another page is open."""
        if not self.source().fileName().endswith(_FIRST_PAGE):
            self.setSource(_first_page())
        block = self.document().begin()
        while block.isValid():
            if block.blockFormat().headingLevel() and block.text() == heading:
                top = self.document().documentLayout().blockBoundingRect(block).top()
                self.verticalScrollBar().setValue(round(top) - _BELOW_PX)
                return
            block = block.next()

    @Slot()
    def air(self) -> None:
        """Room between paragraphs and above headings: Markdown comes without any."""
        cursor = QTextCursor(self.document())
        block = self.document().begin()
        while block.isValid():
            cursor.setPosition(block.position())
            spacing = QTextBlockFormat()
            spacing.setBottomMargin(_BELOW_PX)
            if block.blockFormat().headingLevel():
                spacing.setTopMargin(_ABOVE_HEADING_PX)
            if cursor.currentTable() is None:
                cursor.mergeBlockFormat(spacing)
            block = block.next()

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        if kind != QTextDocument.ResourceType.ImageResource.value:
            return super().loadResource(kind, name)
        image = QImage(self.source().resolved(QUrl(name)).toLocalFile())
        if image.width() <= _PICTURE_PX:
            return image
        ratio = self.devicePixelRatioF()
        smooth = Qt.TransformationMode.SmoothTransformation
        smaller = image.scaledToWidth(round(_PICTURE_PX * ratio), smooth)
        smaller.setDevicePixelRatio(ratio)
        return smaller


def _first_page() -> QUrl:
    return QUrl.fromLocalFile(str(resource_path("help", _FIRST_PAGE)))
