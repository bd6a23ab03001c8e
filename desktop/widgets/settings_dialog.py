"""All settings in one dialog: by group, or found by a word. Whatever is chosen holds at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QFont, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from desktop.kept_file import KeptFile
from desktop.models.keymap import Keymap
from desktop.models.preferences import Preferences
from desktop.models.settings import SETTINGS, Group, found
from desktop.theme.fonts import ui_font
from desktop.theme.redress import put_ink
from desktop.widgets.buttons import make_button
from desktop.widgets.key_page import KeyPage
from desktop.widgets.search_field import SearchField
from desktop.widgets.setting_row import SettingRow

_SIZE = QSize(860, 640)
_KEYS = "Keys"
_CONNECTION = "Connection"
_HIDDEN = ("risk.", "desktop.", "paper.", "environments")
_FILTER = "Perpdesk settings (*.json)"


class SettingsDialog(QDialog):
    """`configured` is what config.yaml says; `ask_open` and `ask_save` name a file or ""."""

    def __init__(
        self,
        parent: QWidget,
        preferences: Preferences,
        keymap: Keymap,
        configured: Mapping[str, object],
    ) -> None:
        super().__init__(parent)
        self.setObjectName("settings")
        self.setAccessibleName("Settings")
        self.setWindowTitle("Perpdesk - settings")
        self.resize(_SIZE)
        self._preferences = preferences
        self.ask_open: Callable[[], str] = self._ask_open
        self.ask_save: Callable[[], str] = self._ask_save
        self.search = SearchField("settings.search", "Search", "Search the settings", self)
        self.search.setFixedHeight(30)
        self.groups = QListWidget(self)
        self.groups.setObjectName("settings.groups")
        self.groups.setAccessibleName("Groups of settings")
        self.groups.setFixedWidth(150)
        self.groups.addItems([*Group, _KEYS, _CONNECTION])
        self.rows = {
            row.key: SettingRow(row, preferences, configured.get(row.key), self) for row in SETTINGS
        }
        self.keys = KeyPage(keymap, self)
        self._connection = _connection_page(configured, self)
        self._nothing = QLabel("No setting has these words.", self)
        self._told = QLabel(self)
        self._told.setObjectName("settings.told")
        self._told.setWordWrap(True)
        put_ink(self._told, "TEXT_DIM")
        self._lay_out()
        self.groups.currentRowChanged.connect(self._show)
        self.search.textChanged.connect(self._show)
        preferences.listen(self._on_change)
        self.groups.setCurrentRow(0)

    def come_forward(self) -> None:
        """It holds nothing up: the window trades on behind it."""
        self.show()
        self.raise_()
        self.activateWindow()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.search.setFocus()

    # --- what is shown --------------------------------------------------------------

    @Slot()
    def _show(self) -> None:
        """The chosen group, or with words in the search line whatever has them."""
        search = self.search.text().strip()
        group = self.groups.currentItem().text()
        wanted = {row.key for row in found(search)} if search else set()
        for key, row in self.rows.items():
            row.setVisible(key in wanted if search else row.setting.group == group)
        keys = self.keys.show_found(search)
        self.keys.setVisible(bool(keys) if search else group == _KEYS)
        self._connection.setVisible(not search and group == _CONNECTION)
        self._nothing.setVisible(bool(search) and not wanted and not keys)
        self._area.verticalScrollBar().setValue(0)

    def _on_change(self, key: str) -> None:
        if key in self.rows:
            self.rows[key].show_value()
        elif key == "keys":
            self.keys.show_keys()

    # --- import and export ------------------------------------------------------------

    @Slot()
    def _export(self) -> None:
        name = self.ask_save()
        if name:
            is_kept = KeptFile(Path(name)).write(self._preferences.export_text().encode("utf-8"))
            done = f"Exported to {name}. It holds no key of the exchange."
            self._told.setText(done if is_kept else f"{name} cannot be written; choose another.")

    @Slot()
    def _import(self) -> None:
        name = self.ask_open()
        if not name:
            return
        content = KeptFile(Path(name)).read()
        if content is None:
            self._told.setText(f"{name} cannot be read.")
            return
        problems = self._preferences.import_text(content.decode("utf-8", errors="replace"))
        self._told.setText(" ".join(problems) or f"Imported from {name}.")

    def _ask_open(self) -> str:
        return QFileDialog.getOpenFileName(self, "Import settings", "", _FILTER)[0]

    def _ask_save(self) -> str:
        first = "perpdesk-settings.json"
        return QFileDialog.getSaveFileName(self, "Export settings", first, _FILTER)[0]

    # --- layout -----------------------------------------------------------------------

    def _lay_out(self) -> None:
        page = QWidget(self)
        inside = QVBoxLayout(page)
        inside.setContentsMargins(4, 0, 8, 0)
        inside.setSpacing(0)
        for widget in (*self.rows.values(), self.keys, self._connection, self._nothing):
            inside.addWidget(widget)
        inside.addStretch(1)
        area = self._area = QScrollArea(self)
        area.setObjectName("settings.page")
        area.setAccessibleName("Settings")
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(page)
        take = make_button("settings.import", "Import...", "plain", height=30, parent=self)
        give = make_button("settings.export", "Export...", "plain", height=30, parent=self)
        close = make_button("settings.close", "Close", "primary", height=30, parent=self)
        take.clicked.connect(self._import)
        give.clicked.connect(self._export)
        close.clicked.connect(self.accept)
        foot = QHBoxLayout()
        for button in (take, give):
            foot.addWidget(button)
        foot.addWidget(self._told, 1)
        foot.addWidget(close)
        middle = QHBoxLayout()
        middle.setSpacing(14)
        middle.addWidget(self.groups)
        middle.addWidget(area, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 14, 14, 12)
        column.setSpacing(10)
        column.addWidget(self.search)
        column.addLayout(middle, 1)
        column.addLayout(foot)


def _connection_page(configured: Mapping[str, object], parent: QWidget) -> QWidget:
    """What config.yaml says; it is changed there. A proxy's address may hold a password."""
    page = QWidget(parent)
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 4, 0, 4)
    where = QLabel(
        "These stand in config.yaml: in the folder you start from, or beside the program."
        " Change them there with a text editor; they are read at the start.",
        page,
    )
    where.setWordWrap(True)
    put_ink(where, "TEXT_DIM")
    column.addWidget(where)
    for key, value in configured.items():
        if key.startswith(_HIDDEN):
            continue
        is_secret = key == "network.proxy" and value not in ("system", "none")
        line = QLabel(f"{key}:  {'set' if is_secret else value}", page)
        line.setObjectName(f"connection.{key}")
        line.setFont(ui_font(12, QFont.Weight.Medium))
        line.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(line)
    return page
