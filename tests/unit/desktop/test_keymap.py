"""Keys: what may be chosen, what stands in each other's way, what rests while typing."""

import pytest

from desktop.models.keymap import ACTS, Keymap, conflicts_of, is_bare, key_problem
from desktop.models.preferences import Preferences


def test_the_defaults_are_free_of_conflicts_and_never_bare():
    assert conflicts_of({act.name: act.key for act in ACTS}) == {}
    for act in ACTS:
        assert not is_bare(act.key)
        assert key_problem(act.key) == ""


@pytest.mark.parametrize(
    ("key", "is_plain"),
    [("X", True), ("Shift+X", True), ("+", True), ("Ctrl+X", False), ("Alt+Shift+X", False),
     ("F9", False), ("Shift+F9", False), ("F", True), ("Ctrl++", False), ("Meta+K", False)],
)  # fmt: skip
def test_bare_keys_are_those_that_type(key, is_plain):
    assert is_bare(key) is is_plain


@pytest.mark.parametrize("key", ["Space", "Tab", "Ctrl+C", "Return", "Ctrl+K, Ctrl+X"])
def test_keys_for_moving_and_typing_are_not_given(key):
    keymap = Keymap(Preferences(None))
    assert keymap.choose("window.help", key)
    assert keymap.key_of("window.help") == "F1"


def test_a_choice_is_kept_and_reset():
    preferences = Preferences(None)
    keymap = Keymap(preferences)
    assert keymap.choose("window.help", "F2") == ""
    assert Keymap(preferences).key_of("window.help") == "F2"
    assert keymap.choose("window.help", "F1") == ""
    assert Keymap(preferences).key_of("window.help") == "F1"
    keymap.choose("window.help", "Ctrl+K")
    assert keymap.conflicts()["window.help"] == ["Type a command"]
    keymap.reset()
    assert keymap.conflicts() == {}


def test_what_a_file_should_not_hold_is_left_out():
    preferences = Preferences(None)
    preferences.put("keys", {"window.gone": "F3", "window.help": 7, "orders.cancelAll": "Space"})
    keys = Keymap(preferences).keys()
    assert (keys["window.help"], keys["orders.cancelAll"]) == ("F1", "Ctrl+Shift+X")
