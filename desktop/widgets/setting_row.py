"""One setting of the dialog: title, help, range, the field, what is wrong, and reset."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QFont, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from desktop.models.preferences import Preferences
from desktop.models.settings import NEXT_START, Setting
from desktop.theme.fonts import mono_font, ui_font
from desktop.theme.redress import put_ink
from desktop.widgets.buttons import make_button

_FIELD_PX = 170
_FIELD_HEIGHT = 28
_BY_SYMBOL_PX = 230


class SettingRow(QWidget):
    """What is typed holds as soon as it can be; until then it says why not."""

    def __init__(
        self,
        setting: Setting,
        preferences: Preferences,
        configured: object = None,
        parent: QWidget | None = None,
    ) -> None:
        """`configured`: what config.yaml says and holds where nothing was chosen."""
        super().__init__(parent)
        self.setting = setting
        self._preferences = preferences
        self._usual = setting.default if configured is None else configured
        self.field, self._show_in_field = self._make_field()
        self.field.setObjectName(f"setting.{setting.key}")
        self.field.setAccessibleName(setting.title)
        self.field.setAccessibleDescription(self._help_text())
        self.reset = make_button(
            f"setting.{setting.key}.reset",
            "Reset",
            "quiet",
            accessible_name=f"Reset {setting.title}",
            parent=self,
        )
        self.reset.clicked.connect(lambda: preferences.forget(setting.key))
        self._problem = QLabel(self)
        self._problem.setObjectName(f"setting.{setting.key}.problem")
        self._problem.setFont(ui_font(11))
        self._problem.setWordWrap(True)
        put_ink(self._problem, "ERROR")
        self._lay_out()
        self.show_value()

    def show_value(self) -> None:
        """As it is kept; called when it changed, from here or elsewhere."""
        key = self.setting.key
        is_chosen = self._preferences.is_chosen(key)
        value = self._preferences.value_of(self.setting) if is_chosen else self._usual
        self.field.blockSignals(True)
        self._show_in_field(value)
        self.field.blockSignals(False)
        self._say("")
        self.reset.setEnabled(is_chosen)
        self.reset.setToolTip(f"Back to {self.setting.words(self._usual)}")

    def problem(self) -> str:
        return self._problem.text()

    def _choose(self, value: object) -> None:
        problem = self.setting.problem(value)
        self._say(problem)
        if not problem:
            self._preferences.put(self.setting.key, value)

    def _say(self, problem: str) -> None:
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))

    # --- the field ------------------------------------------------------------------

    def _make_field(self) -> tuple[QWidget, Callable[[object], None]]:
        if isinstance(self.setting.default, bool):
            return self._check_box()
        return self._choice() if self.setting.choices else self._line()

    def _check_box(self) -> tuple[QWidget, Callable[[object], None]]:
        box = QCheckBox("on", self)
        box.toggled.connect(self._choose)
        return box, lambda value: box.setChecked(bool(value))

    def _choice(self) -> tuple[QWidget, Callable[[object], None]]:
        box = _Choice(self)
        box.addItems(list(self.setting.choices))
        box.setFixedWidth(_FIELD_PX)
        box.currentTextChanged.connect(self._choose)
        return box, lambda value: box.setCurrentText(str(value))

    def _line(self) -> tuple[QWidget, Callable[[object], None]]:
        line = QLineEdit(self)
        line.setFont(mono_font(13))
        line.setFixedWidth(_FIELD_PX)
        line.setAlignment(Qt.AlignmentFlag.AlignRight)
        if isinstance(self.setting.default, dict):
            line.setFont(mono_font(11))
            line.setFixedWidth(_BY_SYMBOL_PX)
            line.setPlaceholderText("BTCUSDT 0.5, ETHUSDT 10")
        line.editingFinished.connect(lambda: self._read(line.text()))
        line.textEdited.connect(self._check)
        plain = Setting.words

        def show(value: object) -> None:
            text = plain(self.setting, value) if value != {} else ""
            line.setText(text.removesuffix(self.setting.unit).strip())

        return line, show

    @Slot(str)
    def _check(self, text: str) -> None:
        """Said while it is typed; kept once the field is left or Enter pressed."""
        self._say(self.setting.problem(self.setting.parse(text)))

    def _read(self, text: str) -> None:
        value = self.setting.parse(text)
        is_chosen = self._preferences.is_chosen(self.setting.key)
        if is_chosen or value != self._usual:
            self._choose(value)

    # --- layout ---------------------------------------------------------------------

    def _help_text(self) -> str:
        setting = self.setting
        parts = [setting.help]
        if setting.range_words():
            parts.append(f"Takes {setting.range_words()}.")
        parts.append(f"Default: {setting.words(self._usual)}.")
        if setting.is_for_next_start:
            parts.append(NEXT_START)
        return " ".join(parts)

    def _lay_out(self) -> None:
        title = QLabel(self.setting.title, self)
        title.setFont(ui_font(13, QFont.Weight.Medium))
        title.setBuddy(self.field)
        text = QLabel(self._help_text(), self)
        text.setFont(ui_font(11))
        text.setWordWrap(True)
        put_ink(text, "TEXT_DIM")
        unit = QLabel("" if self.setting.choices else self.setting.unit, self)
        unit.setMinimumWidth(40)
        put_ink(unit, "TEXT_DIM")
        words = QVBoxLayout()
        words.setSpacing(2)
        for label in (title, text, self._problem):
            words.addWidget(label)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 7, 4, 7)
        row.setSpacing(8)
        row.addLayout(words, 1)
        for widget in (self.field, unit, self.reset):
            widget.setFixedHeight(_FIELD_HEIGHT)  # one line, whatever is in it
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignTop)


class _Choice(QComboBox):
    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scrolling past must not change a setting."""
        event.ignore()
