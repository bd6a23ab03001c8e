"""Layouts in the window: the menu, what is kept, and what is put back.

The last layout of each set of screens is kept when the window closes and put
back when it opens there, or when the screens change. GUI thread only.
"""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Callable, Iterable

from PySide6.QtCore import QByteArray, QObject, QTimer, Slot
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QMainWindow, QMenu

from desktop.layout_store import LAYOUT_VERSION, LayoutStore
from desktop.models.layouts import Layout, Link, PanelKind, screens_key
from desktop.widgets.added_panels import MOST_ADDED, AddedPanels
from desktop.widgets.confirmation import Confirmation
from desktop.widgets.name_dialog import NameDialog
from desktop.widgets.panel_docks import PanelDocks, bring_to_screen, screen_rects

logger = logging.getLogger(__name__)

_SETTLE_MS = 500  # screens come and go in several steps


class LayoutDesk(QObject):
    def __init__(
        self, window: QMainWindow, docks: PanelDocks, panels: AddedPanels, store: LayoutStore
    ) -> None:
        super().__init__(window)
        self._window = window
        self._docks = docks
        self._panels = panels
        self._store = store
        self._shown = ""  # the named layout that was chosen last
        self.menu = QMenu(window)
        self.menu.setObjectName("header.panels.menu")
        self._more: list[tuple[str, str, Callable[[], None]]] = []
        self._actions: list[QAction] = []
        self.menu.aboutToShow.connect(self.fill_menu)
        panels.added.connect(docks.add_panel)
        panels.removed.connect(docks.remove_panel)
        docks.remove_wanted.connect(panels.remove)
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settle.timeout.connect(self._on_screens)
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.screenAdded.connect(self._settle.start)
            app.screenRemoved.connect(self._settle.start)
        self.fill_menu()

    # --- keeping and putting back ---------------------------------------------------

    def now(self) -> Layout:
        return Layout(
            geometry=_text(self._window.saveGeometry()),
            state=_text(self._window.saveState(LAYOUT_VERSION)),
            panels=self._panels.states(),
            main_link=self._panels.main_link,
        )

    def show(self, layout: Layout) -> bool:
        """False when it is damaged; nothing has changed then."""
        try:
            geometry, state = _bytes(layout.geometry), _bytes(layout.state)
        except (ValueError, binascii.Error):
            logger.warning("a layout is damaged and was left out")
            return False
        self._panels.show_only(layout.panels, layout.main_link)
        self._window.restoreGeometry(geometry)
        was_whole = self._window.restoreState(state, LAYOUT_VERSION)
        self._bring_back()
        return bool(was_whole)

    def keep_last(self) -> None:
        self._store.keep_last(screens_key(screen_rects()), self.now())

    def show_last(self) -> bool:
        layout = self._store.last(screens_key(screen_rects()))
        return layout is not None and self.show(layout)

    @Slot()
    def _on_screens(self) -> None:
        """A screen came or went: as it stood on these, else nothing out of sight."""
        key = screens_key(screen_rects())
        if not (self._store.knows(key) and self.show_last()):
            self._bring_back()

    def _bring_back(self) -> None:
        bring_to_screen(self._window)
        self._docks.bring_back()

    # --- the menu ---------------------------------------------------------------------

    @Slot()
    def fill_menu(self) -> None:
        menu = self.menu
        menu.clear()
        for action in self._docks.actions():
            menu.addAction(action)
        menu.addSeparator()
        for kind in PanelKind:
            entry = self._entry(
                menu, f"add.{kind.value}", f"Add a {kind.value}", self._adding(kind)
            )
            entry.setEnabled(self._panels.has_room)
            entry.setToolTip(f"At most {MOST_ADDED} panels can be added.")
        menu.addSeparator()
        self._fill_names(menu)
        self._entry(menu, "reset", "Reset the layout", self._reset)
        if self._more:
            menu.addSeparator()
            for name, text, act in self._more:
                self._entry(menu, name, text, act)
        if self._actions:
            menu.addSeparator()
            menu.addActions(self._actions)

    def add_actions(self, actions: Iterable[QAction]) -> None:
        """Lines at the end of the menu that others keep, checked or hidden as they say."""
        self._actions += actions
        self.fill_menu()

    def add_entry(self, name: str, text: str, act: Callable[[], None]) -> None:
        """One more line at the end of the menu."""
        self._more.append((name, text, act))
        self.fill_menu()

    def _fill_names(self, menu: QMenu) -> None:
        names = self._store.names()
        for name in names:
            entry = self._entry(menu, f"layout.{name}", name, self._showing(name))
            entry.setCheckable(True)
            entry.setChecked(name == self._shown)
        self._entry(menu, "saveAs", "Save the layout as …", self._ask_name)
        if self._shown in names:
            shown = self._shown
            self._entry(menu, "save", f"Save changes to {shown}", lambda: self._save(shown))
            self._entry(menu, "rename", f"Rename {shown} …", self._ask_new_name)
            self._entry(menu, "delete", f"Delete {shown} …", self._ask_delete)

    def _entry(self, menu: QMenu, name: str, text: str, act: Callable[[], None]) -> QAction:
        action = menu.addAction(text.replace("&", "&&"))
        action.setObjectName(f"header.panels.{name}")
        action.triggered.connect(lambda _=False: act())
        return action

    def _adding(self, kind: PanelKind) -> Callable[[], None]:
        return lambda: self._panels.add(kind)

    def _showing(self, name: str) -> Callable[[], None]:
        return lambda: self._show_named(name)

    # --- acts ---------------------------------------------------------------------------

    def _show_named(self, name: str) -> None:
        layout = self._store.named(name)
        if layout is not None and self.show(layout):
            self._shown = name

    def _save(self, name: str) -> None:
        self._store.keep(name, self.now())
        self._shown = name

    def _reset(self) -> None:
        self._shown = ""
        self._panels.show_only((), Link.BLUE)
        self._docks.put_first_places()

    def _ask_name(self) -> None:
        dialog = NameDialog(
            self._window,
            question="Save this layout under a name",
            act="Save",
            taken=self._store.names(),
        )
        dialog.named.connect(self._save)
        dialog.open()

    def _ask_new_name(self) -> None:
        old = self._shown
        dialog = NameDialog(
            self._window,
            question=f"Rename {old}",
            act="Rename",
            taken=self._store.names(),
            now=old,
        )
        dialog.named.connect(lambda new: self._rename(old, new))
        dialog.open()

    def _rename(self, old: str, new: str) -> None:
        self._store.rename(old, new)
        self._shown = new

    def _ask_delete(self) -> None:
        name = self._shown
        dialog = Confirmation(
            self._window,
            name="layoutDelete",
            question=f"Delete the layout {name}?",
            sentences=["The panels stay as they are now; only the name is forgotten."],
            confirm="Delete",
            keep="Keep it",
        )
        dialog.accepted.connect(lambda: self._delete(name))
        dialog.open()

    def _delete(self, name: str) -> None:
        self._store.delete(name)
        self._shown = ""


def _text(data: QByteArray) -> str:
    return base64.b64encode(data.data()).decode("ascii")


def _bytes(text: str) -> QByteArray:
    return QByteArray(base64.b64decode(text, validate=True))
