"""The window's keys: each act of the keymap bound to what it does.

A key without Ctrl or Alt rests while a person types in a field. A key that two
acts share does nothing but say so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QKeySequenceEdit,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from desktop.models.keymap import BY_NAME, Keymap, is_bare

_TYPED_INTO = (
    QLineEdit, QComboBox, QAbstractSpinBox, QTextEdit, QPlainTextEdit, QKeySequenceEdit,
)  # fmt: skip
_MAY_REPEAT = ("symbol.next", "symbol.previous")


class WindowKeys(QObject):
    """`tell` shows a sentence to the person."""

    def __init__(
        self,
        window: QWidget,
        keymap: Keymap,
        acts: Mapping[str, Callable[[], None]],
        tell: Callable[[str], None],
    ) -> None:
        super().__init__(window)
        self._keymap = keymap
        self._tell = tell
        self._tips: dict[str, tuple[QWidget, str]] = {}
        self._shortcuts = {name: self._shortcut(window, name, act) for name, act in acts.items()}
        self.rebind()
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._on_focus)

    def put_tip(self, name: str, widget: QWidget, words: str) -> None:
        """The tooltip tells the key, also after it was changed."""
        self._tips[name] = (widget, words)
        self._show_tip(name)

    def rebind(self) -> None:
        """As the keymap stands now."""
        for name, key in self._keymap.keys().items():
            self._shortcuts[name].setKey(QKeySequence(key))
        for name in self._tips:
            self._show_tip(name)
        self._rest(QApplication.focusWidget())

    def _show_tip(self, name: str) -> None:
        widget, words = self._tips[name]
        key = self._keymap.key_of(name)
        widget.setToolTip(f"{words} ({key})" if key else words)

    @Slot("QWidget*", "QWidget*")
    def _on_focus(self, _before: QWidget | None, now: QWidget | None) -> None:
        self._rest(now)

    def _rest(self, focused: QWidget | None) -> None:
        is_typing = isinstance(focused, _TYPED_INTO)
        for name, shortcut in self._shortcuts.items():
            shortcut.setEnabled(not (is_typing and is_bare(self._keymap.key_of(name))))

    def _shortcut(self, window: QWidget, name: str, act: Callable[[], None]) -> QShortcut:
        shortcut = QShortcut(window)
        shortcut.setObjectName(f"key.{name}")
        shortcut.setAutoRepeat(name in _MAY_REPEAT)
        shortcut.activated.connect(act)
        shortcut.activatedAmbiguously.connect(lambda: self._say_shared(name))
        return shortcut

    def _say_shared(self, name: str) -> None:
        key = self._keymap.key_of(name)
        others = ", ".join(self._keymap.conflicts().get(name, []))
        self._tell(
            f"{key} belongs to “{BY_NAME[name].title}” and to “{others}”: nothing was done."
            " Give one of them another key in the settings."
        )
