"""Exchange keys: pasted, tried at the exchange, and only then kept. It never blocks the window.

The secret stands masked in one field and leaves it in one command; the fields are
emptied as soon as the keys are kept or the dialog goes.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from itertools import count
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFont, QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktop.theme import palette
from desktop.theme.colours import per_palette
from desktop.theme.fonts import ui_font
from desktop.widgets.buttons import make_button
from engine.errors import CredentialsError
from engine.events import CommandRefused
from engine.events.keys import Finding, KeyFinding, KeyPlace, KeysChecked, KeysListed
from engine.key_commands import CheckKeys, KeepKeys, ListKeys, RemoveKeys
from engine.secret import cleaned

_MOST_BYTES = 16_384  # an RSA key of 8,192 bits is half of it
_INTRODUCTION = (
    "Make a key at the exchange that may trade futures, without the right to withdraw and"
    " bound to your address. HMAC, Ed25519 and RSA keys work. Perpdesk tries it before it"
    " keeps it, and never writes it to a file, a log or the screen."
)
_KEPT = {
    KeyPlace.NOWHERE: "No key is kept for {name}.",
    KeyPlace.KEY_STORE: "A key for {name} is kept in the system's key store.",
    KeyPlace.SESSION: "A key for {name} is kept until Perpdesk closes.",
    KeyPlace.VARIABLES: "The key comes from PERPDESK_API_KEY and PERPDESK_API_SECRET.",
}
_BUTTONS = (
    ("test", "Test", "Asks for clock, permissions and position mode. Sends no order"),
    ("keep", "Keep", "Only keys that were tried and found good are kept"),
    ("remove", "Remove", "Forgets them here; at the exchange they stay valid"),
    ("trade", "Trade", "Goes to this environment with the keys that are kept"),
)


@per_palette
def _marks() -> dict[Finding, tuple[str, str]]:
    return {
        Finding.GOOD: ("✓", palette.OK),
        Finding.WARNING: ("!", palette.WARNING),
        Finding.BAD: ("✕", palette.ERROR),
    }


class KeysDialog(QDialog):
    """`trade_wanted(name)`: go to that environment now, with the keys it has."""

    command_wanted = Signal(object)  # KeyCommand
    trade_wanted = Signal(object)  # environment's name

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("keys.dialog")
        self.setAccessibleName("Exchange keys")
        self.setWindowTitle("Exchange keys")
        self.setMinimumWidth(560)
        self._numbers = count(1)
        self._request_id = ""
        self._listed: KeysListed | None = None
        self._is_usable = False
        self._wanted = ""
        self.ask_file: Callable[[], str] = self._ask_file
        self._make_controls()
        self._lay_out()
        self._show_state()

    def open_for(self, environment: str) -> None:
        """`environment` is chosen if it takes keys; the answer to ListKeys fills the box."""
        self._wanted = environment
        self.show()
        self.raise_()
        self.activateWindow()
        self._choose_wanted()

    # --- what it is told ----------------------------------------------------------------

    def set_listed(self, listed: KeysListed) -> None:
        before, self._listed = self.environment.currentText(), listed
        names = list(listed.places)
        if [self.environment.itemText(n) for n in range(self.environment.count())] != names:
            self.environment.blockSignals(True)
            self.environment.clear()
            self.environment.addItems(names)
            self.environment.setCurrentText(before or self._wanted)
            self.environment.blockSignals(False)
            self._choose_wanted()
        self.session_only.setEnabled(listed.has_store)
        if not listed.has_store:
            self.session_only.setChecked(True)
        if listed.sentence:
            self._empty_fields()
            self._say([KeyFinding(finding=Finding.GOOD, sentence=listed.sentence)])
        self._settle()

    def set_checked(self, checked: KeysChecked) -> None:
        if checked.request_id == self._request_id:
            self._is_usable = checked.is_usable
            self._say(list(checked.findings))
            self._settle()

    def set_refused(self, refused: CommandRefused) -> None:
        if self._request_id and refused.command.request_id == self._request_id:
            self._say([KeyFinding(finding=Finding.BAD, sentence=refused.sentence)])
            self._settle()

    # --- what a person does ---------------------------------------------------------------

    @Slot()
    def _take_file(self) -> None:
        """A private key from its file, into the masked field; the file itself stays as it is."""
        name = self.ask_file()
        if not name:
            return
        try:
            with Path(name).open("rb") as file:
                content = file.read(_MOST_BYTES + 1)
            text = content.decode("ascii") if len(content) <= _MOST_BYTES else ""
        except (OSError, ValueError):
            text = ""
        if "-----BEGIN" in text:
            self.secret.setText(text)
            return
        sentence = f"{Path(name).name} holds no private key in PEM form."
        self._say([KeyFinding(finding=Finding.BAD, sentence=sentence)])

    def _ask_file(self) -> str:
        kinds = "Private key (*.pem *.key);;All files (*)"
        return QFileDialog.getOpenFileName(self, "Private key", "", kinds)[0]

    @Slot()
    def _test(self) -> None:
        try:
            credentials = cleaned(self.key.text(), self.secret.text())
        except CredentialsError as error:
            self._say([KeyFinding(finding=Finding.BAD, sentence=str(error))])
            return
        self._is_usable = False
        name = self.environment.currentText()
        self.findings.setText(f"Asking {escape(name)} …")
        self._ask(CheckKeys(request_id=self._next_id(), environment=name, credentials=credentials))

    @Slot()
    def _keep(self) -> None:
        self._ask(
            KeepKeys(
                request_id=self._next_id(),
                environment=self.environment.currentText(),
                session_only=self.session_only.isChecked(),
            )
        )

    @Slot()
    def _remove(self) -> None:
        name = self.environment.currentText()
        self._ask(RemoveKeys(request_id=self._next_id(), environment=name))

    @Slot()
    def _forget_test(self) -> None:
        """Other text or another environment: what was found is not about it."""
        self._is_usable = False
        self._request_id = ""
        self.findings.clear()
        self._show_state()

    @Slot()
    def _trade(self) -> None:
        self.trade_wanted.emit(self.environment.currentText())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.key.setFocus()
        self.command_wanted.emit(ListKeys(request_id="keys-list"))

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._empty_fields()
        self._forget_test()

    # --- looks ----------------------------------------------------------------------------

    def _ask(self, command: CheckKeys | KeepKeys | RemoveKeys) -> None:
        self._request_id = command.request_id
        for button in (self.test, self.keep, self.remove, self.trade):
            button.setEnabled(False)
        self.command_wanted.emit(command)

    def _next_id(self) -> str:
        return f"keys-{next(self._numbers)}"

    def _settle(self) -> None:
        self._show_state()
        self.adjustSize()

    def _choose_wanted(self) -> None:
        if self._wanted and self.environment.findText(self._wanted) >= 0:
            self.environment.setCurrentText(self._wanted)
            self._wanted = ""

    def _empty_fields(self) -> None:
        self.key.clear()
        self.secret.clear()

    def _say(self, findings: list[KeyFinding]) -> None:
        lines = []
        for one in findings:
            mark, colour = _marks()[one.finding]
            lines.append(
                f'<p><b style="color:{colour}">{mark}</b>&nbsp; {escape(one.sentence)}</p>'
            )
        self.findings.setText("".join(lines))
        self.findings.setAccessibleName(" ".join(one.sentence for one in findings))

    @Slot()
    def _show_state(self) -> None:
        name = self.environment.currentText()
        place = self._listed.places.get(name, KeyPlace.NOWHERE) if self._listed else None
        self.kept.setText(_KEPT[place].format(name=name) if place else "Asking the key store …")
        self.test.setEnabled(bool(name and self.key.text() and self.secret.text()))
        self.keep.setEnabled(self._is_usable)
        self.remove.setEnabled(place in (KeyPlace.KEY_STORE, KeyPlace.SESSION))
        self.trade.setEnabled(place not in (None, KeyPlace.NOWHERE))
        self.trade.setText(f"Trade on {name}" if name else "Trade")

    # --- building -------------------------------------------------------------------------

    def _make_controls(self) -> None:
        self.environment = QComboBox(self)
        self.environment.setObjectName("keys.environment")
        self.environment.setAccessibleName("Environment of the keys")
        self.environment.setToolTip("Each environment has keys of its own")
        self.environment.currentTextChanged.connect(self._forget_test)
        self.kept = _label(self, "keys.kept")
        self.key = _field(self, "keys.key", "API key")
        self.secret = _field(self, "keys.secret", "Secret, or private key in PEM form")
        self.from_file = make_button("keys.file", "File …", "plain", height=32, parent=self)
        self.from_file.setToolTip("Takes a private key (Ed25519 or RSA) from its PEM file")
        self.from_file.clicked.connect(self._take_file)
        self.session_only = QCheckBox("Only until Perpdesk closes", self)
        self.session_only.setObjectName("keys.sessionOnly")
        self.session_only.setToolTip(
            "Keeps them in memory alone; the only way where the system has no key store"
        )
        self.findings = _label(self, "keys.findings")
        self.findings.setTextFormat(Qt.TextFormat.RichText)
        self._make_buttons()
        for field in (self.key, self.secret):
            field.textChanged.connect(self._forget_test)
            field.returnPressed.connect(self.test.click)

    def _make_buttons(self) -> None:
        self.test, self.keep, self.remove, self.trade = (
            self._button(name, text, tip) for name, text, tip in _BUTTONS
        )
        self.test.clicked.connect(self._test)
        self.keep.clicked.connect(self._keep)
        self.remove.clicked.connect(self._remove)
        self.trade.clicked.connect(self._trade)

    def _button(self, name: str, text: str, tip: str) -> QPushButton:
        role = "primary" if name == "test" else "plain"
        button = make_button(f"keys.{name}", text, role, height=32, parent=self)
        button.setToolTip(tip)
        return button

    def _lay_out(self) -> None:
        title = QLabel("Exchange keys", self)
        title.setFont(ui_font(15, QFont.Weight.DemiBold))
        words = _label(self, "keys.introduction")
        words.setText(_INTRODUCTION)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(10)
        for part in (title, words, self.environment, self.kept, self.key):
            column.addWidget(part)
        secret = QHBoxLayout()
        secret.addWidget(self.secret, 1)
        secret.addWidget(self.from_file)
        column.addLayout(secret)
        column.addWidget(self.session_only)
        column.addWidget(self.findings)
        row = QHBoxLayout()
        row.addWidget(self.remove)
        row.addStretch(1)
        for button in (self.trade, self.keep, self.test):
            row.addWidget(button)
        column.addLayout(row)


def _label(parent: QWidget, name: str) -> QLabel:
    label = QLabel(parent)
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setFont(ui_font(13))
    return label


def _field(parent: QWidget, name: str, words: str) -> QLineEdit:
    field = QLineEdit(parent)
    field.setObjectName(name)
    field.setAccessibleName(words)
    field.setPlaceholderText(words)
    field.setToolTip("Paste it as the exchange shows it; it stays masked")
    field.setFixedHeight(32)
    field.setMaxLength(8192)
    field.setEchoMode(QLineEdit.EchoMode.Password)
    field.setFont(ui_font(13))
    return field
