"""Exchange keys: typed, tried, kept; and the word before the first real money."""

from __future__ import annotations

import keyring
import pytest
from keyring.backends import fail
from PySide6.QtCore import Qt
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QPushButton,
)

from desktop.desks import Desks
from engine import credentials
from engine.commands import Command
from engine.config import default_config
from engine.events import Alert, CommandRefused
from engine.events.keys import Finding, KeyFinding, KeyPlace, KeysChecked, KeysListed
from engine.key_commands import CheckKeys, KeepKeys, ListKeys, RemoveKeys
from engine.trading_types import AlertLevel, EngineState, EnvironmentKind
from tests.gui.hands import Hands
from tests.helpers.paper import paper_server

KINDS = {
    "paper": EnvironmentKind.PAPER,
    "testnet": EnvironmentKind.TESTNET,
    "live": EnvironmentKind.LIVE,
}


def listed(place=KeyPlace.NOWHERE, *, has_store=True, sentence=""):
    return KeysListed(
        request_id="keys-list",
        places={"testnet": place, "live": KeyPlace.NOWHERE},
        has_store=has_store,
        sentence=sentence,
    )


def checked(request_id: str, finding: Finding):
    found = KeyFinding(finding=finding, sentence="The key <b>may</b> trade.")
    return KeysChecked(request_id=request_id, environment="testnet", findings=(found,))


@pytest.fixture
def keys(desk):
    """The dialog, brought up from the badge's menu."""
    desk.window.header.badge.set_choices(tuple(KINDS))
    menu = desk.window.header.badge.menu()
    next(one for one in menu.actions() if one.objectName() == "environment.keys").trigger()
    desk.feed(listed())
    return desk


def is_on(desk, name: str) -> bool:
    return desk.find(QPushButton, name).isEnabled()


def type_keys(desk) -> None:
    desk.qtbot.keyClicks(desk.find(QLineEdit, "keys.key"), "abc")
    desk.qtbot.keyClicks(desk.find(QLineEdit, "keys.secret"), "hunter2")


def said(desk) -> str:
    return desk.find(QLabel, "keys.findings").accessibleName()


def test_keys_are_kept_only_after_they_were_found_good(keys):
    assert keys.commands == [ListKeys(request_id="keys-list")]
    assert not is_on(keys, "keys.test")
    type_keys(keys)
    assert not is_on(keys, "keys.keep")
    keys.click("keys.test")
    asked = keys.commands[-1]
    assert isinstance(asked, CheckKeys)
    assert (asked.environment, asked.credentials.api_secret.reveal()) == ("testnet", "hunter2")
    keys.feed(checked("keys-another", Finding.GOOD))
    assert not is_on(keys, "keys.keep")
    keys.feed(checked(asked.request_id, Finding.WARNING))
    assert "&lt;b&gt;" in keys.find(QLabel, "keys.findings").text()
    keys.click("keys.keep")
    assert keys.commands[-1] == KeepKeys(request_id="keys-2", environment="testnet")
    keys.feed(listed(KeyPlace.KEY_STORE, sentence="Kept."))
    assert said(keys) == "Kept."
    assert keys.find(QLineEdit, "keys.secret").text() == ""
    assert "key store" in keys.find(QLabel, "keys.kept").text()


def test_the_secret_is_on_no_screen_and_in_no_log(keys):
    type_keys(keys)
    keys.click("keys.test")
    field = keys.find(QLineEdit, "keys.secret")
    assert field.echoMode() is QLineEdit.EchoMode.Password
    log = keys.window.account.models.log
    lines = [log.data(log.index(row, 2)) for row in range(log.rowCount())]
    assert "hunter2" not in repr(keys.commands) + repr(lines)
    keys.find(QDialog, "keys.dialog").close()
    assert field.text() == ""


def test_a_private_key_is_taken_from_its_file(keys, tmp_path):
    dialog = keys.find(QDialog, "keys.dialog")
    pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----\n"
    file = tmp_path / "key ü.pem"
    file.write_text(pem, encoding="ascii")
    dialog.ask_file = lambda: str(file)
    keys.click("keys.file")
    keys.qtbot.keyClicks(keys.find(QLineEdit, "keys.key"), "abc")
    keys.click("keys.test")
    (asked,) = [one for one in keys.commands if isinstance(one, CheckKeys)]
    assert asked.credentials.api_secret.reveal() == pem.strip()


@pytest.mark.parametrize("content", [b"no key", b"\xff\xfe", b"-----BEGIN X" + b"a" * 20_000, None])
def test_a_file_that_is_no_private_key_is_said_so(keys, tmp_path, content):
    file = tmp_path / "other.txt"
    if content is not None:
        file.write_bytes(content)
    dialog = keys.find(QDialog, "keys.dialog")
    dialog.ask_file = lambda: str(file)
    keys.click("keys.file")
    assert said(keys) == "other.txt holds no private key in PEM form."
    assert keys.find(QLineEdit, "keys.secret").text() == ""
    dialog.ask_file = str  # cancelled
    keys.click("keys.file")


def test_bad_keys_and_changed_keys_cannot_be_kept(keys):
    type_keys(keys)
    keys.qtbot.keyClick(keys.find(QLineEdit, "keys.secret"), Qt.Key.Key_Return)
    keys.feed(checked(keys.commands[-1].request_id, Finding.BAD))
    assert not is_on(keys, "keys.keep")
    keys.click("keys.test")
    keys.feed(checked(keys.commands[-1].request_id, Finding.GOOD))
    assert is_on(keys, "keys.keep")
    keys.qtbot.keyClicks(keys.find(QLineEdit, "keys.key"), "x")
    assert not is_on(keys, "keys.keep")


def test_what_is_no_key_is_said_before_anything_is_asked(keys):
    keys.find(QLineEdit, "keys.key").setText("abc")
    keys.find(QLineEdit, "keys.secret").setText("-----BEGIN PRIVATE KEY----- AA")
    keys.click("keys.test")
    assert "cut off" in said(keys)
    assert len(keys.commands) == 1


def test_a_refusal_stands_in_the_dialog(keys):
    type_keys(keys)
    keys.click("keys.test")
    asked = Command(request_id=keys.commands[-1].request_id)
    keys.feed(CommandRefused(command=asked, sentence="No such environment."))
    assert said(keys) == "No such environment."


def test_without_a_key_store_only_the_session_is_offered(keys):
    keys.feed(listed(has_store=False))
    type_keys(keys)
    keys.click("keys.test")
    keys.feed(checked(keys.commands[-1].request_id, Finding.GOOD))
    keys.click("keys.keep")
    assert keys.commands[-1].session_only


def test_kept_keys_can_be_removed_and_traded_with(keys):
    keys.feed(listed(KeyPlace.KEY_STORE))
    keys.find(QComboBox, "keys.environment").setCurrentText("live")
    assert not is_on(keys, "keys.trade")
    keys.find(QComboBox, "keys.environment").setCurrentText("testnet")
    keys.click("keys.remove")
    assert isinstance(keys.commands[-1], RemoveKeys)
    keys.feed(listed(KeyPlace.KEY_STORE))
    keys.click("keys.trade")
    wanted = QSignalSpy(keys.window.environment_wanted)
    keys.click("environment.switch.confirm")
    assert wanted.at(0) == ["testnet"]
    assert not keys.find(QDialog, "keys.dialog").isVisible()


def test_an_engine_without_keys_brings_the_dialog_up(desk):
    desk.window.set_environment("live", EnvironmentKind.LIVE)
    alert = Alert(level=AlertLevel.ERROR, code="KEYS_NEEDED", sentence="No key.", at_ms=1)
    desk.feed(alert, listed())
    assert desk.find(QDialog, "keys.dialog").isVisible()
    assert desk.find(QComboBox, "keys.environment").currentText() == "live"
    desk.window.keys.open()
    assert desk.commands.count(ListKeys(request_id="keys-list")) == 2


def test_the_first_switch_to_live_asks_for_the_word_and_only_the_first(desk):
    desk.window.switch._kinds = KINDS
    wanted = QSignalSpy(desk.window.environment_wanted)
    desk.window.header.badge.environment_wanted.emit("live")
    QApplication.processEvents()
    said = desk.find(QLabel, "environment.switch.plan")
    assert "REAL MONEY" in said.text()
    assert said.height() >= said.heightForWidth(said.width()), "all of it can be read"
    assert not is_on(desk, "environment.switch.confirm")
    word = desk.find(QLineEdit, "environment.switch.word")
    desk.qtbot.keyClicks(word, "live")
    assert not is_on(desk, "environment.switch.confirm")
    word.clear()
    desk.qtbot.keyClicks(word, "LIVE")
    desk.click("environment.switch.confirm")
    assert wanted.at(0) == ["live"]
    desk.qtbot.waitUntil(
        lambda: desk.window.findChild(QLineEdit, "environment.switch.word") is None
    )
    desk.window.header.badge.environment_wanted.emit("live")
    assert is_on(desk, "environment.switch.confirm")


@pytest.fixture
def no_key_store():
    """Put back however the test ends."""
    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())
    yield
    keyring.set_keyring(before)


def test_from_no_key_to_live_by_real_clicks(qtbot, tmp_path, monkeypatch, no_key_store):
    """The program starts where there is no key; a real exchange tries the one that is pasted."""
    for name in ("PERPDESK_API_KEY", "PERPDESK_API_SECRET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(credentials, "_session", {})
    with paper_server(tmp_path / "paper") as exchange:
        hosts = exchange.hosts
        own = {"rest": hosts.rest, "streams": hosts.streams, "ws_api": hosts.ws_api}
        config = default_config().with_values(environments={"own": own})
        desks = Desks(config, config.environment("own"), tmp_path)
        hands = Hands(qtbot, desks)
        first = desks.desk
        first.open()
        hands.see(lambda: first.window.findChild(QDialog, "keys.dialog"))
        hands.see(lambda: hands.find(QComboBox, "keys.environment").currentText() == "own")
        hands.type_into("keys.key", exchange.api_key)
        hands.type_into("keys.secret", "wrong")
        hands.click("keys.test")
        words = hands.find(QLabel, "keys.findings")
        hands.see(lambda: "belong together" in words.accessibleName())
        hands.type_into("keys.secret", exchange.api_secret)
        hands.click("keys.test")
        hands.see(hands.find(QPushButton, "keys.keep").isEnabled)
        hands.click("keys.keep")
        hands.see(lambda: "until Perpdesk closes" in words.accessibleName())
        hands.click("keys.trade")
        hands.click("environment.switch.confirm")
        hands.see(lambda: desks.desk is not first)
        hands.see(lambda: desks.desk.engine.state is EngineState.LIVE)
        with qtbot.waitSignal(desks.closed):
            desks.close()
