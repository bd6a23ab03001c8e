"""Every act of the window that has a key: name, words, default; what a person put in its place.

Pure but for the preferences, which keep the changes under `keys`.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from desktop.models.preferences import Preferences

_KEPT = "keys"
PRESET_COUNT = 5


class KeyAct(msgspec.Struct, frozen=True):
    """`key` as Qt writes it portably: "Ctrl+K"; "" has none until a person gives it one."""

    name: str
    group: str
    title: str
    key: str


ACTS: tuple[KeyAct, ...] = (
    KeyAct("window.palette", "Window", "Type a command", "Ctrl+K"),
    KeyAct("window.settings", "Window", "Settings", "Ctrl+,"),
    KeyAct("window.help", "Window", "User guide and keys", "F1"),
    KeyAct("window.review", "Window", "Review past trades", "Ctrl+R"),
    KeyAct("symbol.next", "Symbol", "Next symbol", "Ctrl+PgDown"),
    KeyAct("symbol.previous", "Symbol", "Previous symbol", "Ctrl+PgUp"),
    KeyAct("symbol.search", "Symbol", "Search a symbol", "Ctrl+F"),
    KeyAct("ticket.type", "Order ticket", "Go to the order type", "Alt+T"),
    KeyAct("ticket.price", "Order ticket", "Go to the price", "Alt+P"),
    KeyAct("ticket.quantity", "Order ticket", "Go to the quantity", "Alt+Q"),
    *(
        KeyAct(f"ticket.preset.{n}", "Order ticket", f"Size preset {n}", f"Alt+{n}")
        for n in range(1, PRESET_COUNT + 1)
    ),
    KeyAct("trade.buyBid", "Trade", "Buy the ticket's size at the best bid", "Alt+B"),
    KeyAct("trade.buyAsk", "Trade", "Buy the ticket's size at the best ask", "Alt+Shift+B"),
    KeyAct("trade.sellAsk", "Trade", "Sell the ticket's size at the best ask", "Alt+S"),
    KeyAct("trade.sellBid", "Trade", "Sell the ticket's size at the best bid", "Alt+Shift+S"),
    KeyAct("orders.cancelBids", "Orders and positions", "Cancel bids of the symbol", "Alt+X"),
    KeyAct("orders.cancelAsks", "Orders and positions", "Cancel asks of the symbol", "Alt+Shift+X"),
    KeyAct("orders.cancelAll", "Orders and positions", "Cancel every order", "Ctrl+Shift+X"),
    KeyAct(
        "positions.flatten",
        "Orders and positions",
        "Cancel and close everything of the symbol",
        "Ctrl+Shift+F",
    ),
    KeyAct("window.arm", "Safety", "Arm LIVE orders", "Ctrl+Shift+A"),
    KeyAct("window.disarm", "Safety", "Disarm LIVE orders", "Ctrl+Shift+D"),
    KeyAct("window.kill", "Safety", "KILL, after one question", "Ctrl+Shift+K"),
)
BY_NAME = {act.name: act for act in ACTS}

# whoever moves or types by keyboard needs these wherever the focus is
_MOVING = "Tab Shift+Tab Esc Return Enter Space Up Down Left Right Home End PgUp PgDown"
_TYPING = "Del Backspace Ctrl+A Ctrl+C Ctrl+V Ctrl+X Ctrl+Z Ctrl+Y"
_RESERVED = frozenset([*_MOVING.split(), *_TYPING.split(), "Alt+F4"])


def key_problem(key: str) -> str:
    """Why an act cannot have it; "" when it can."""
    if key in _RESERVED:
        return f"{key} is needed for moving and typing; add Ctrl, Alt or Shift, or use an F key."
    if ", " in key:
        return "One press only: choose a single key with Ctrl, Alt or Shift."
    return ""


def is_bare(key: str) -> bool:
    """Without Ctrl, Alt or Meta, and no F key: in a field it would be typing."""
    *held, last = key.replace("++", "+Plus").split("+")
    is_f_key = last[:1] == "F" and last[1:].isdigit()
    return not is_f_key and not {"Ctrl", "Alt", "Meta"} & set(held)


class Keymap:
    def __init__(self, preferences: Preferences) -> None:
        self._preferences = preferences

    def key_of(self, name: str) -> str:
        return self.keys()[name]

    def keys(self) -> dict[str, str]:
        kept = self._kept()
        return {act.name: kept.get(act.name, act.key) for act in ACTS}

    def choose(self, name: str, key: str) -> str:
        """Why it cannot be; "" and it is so from now on. An empty key takes it away."""
        problem = key_problem(key)
        if not problem:
            kept = self._kept()
            kept[name] = key
            if key == BY_NAME[name].key:
                del kept[name]
            self._preferences.put(_KEPT, kept)
        return problem

    def reset(self) -> None:
        self._preferences.forget(_KEPT)

    def conflicts(self) -> dict[str, list[str]]:
        """Acts by name that share their key, with the titles of the others: none of them acts."""
        return conflicts_of(self.keys())

    def _kept(self) -> dict[str, str]:
        kept = self._preferences.get(_KEPT, {})
        return {
            name: key
            for name, key in kept.items()
            if name in BY_NAME and isinstance(key, str) and not key_problem(key)
        }


def conflicts_of(keys: Mapping[str, str]) -> dict[str, list[str]]:
    sharing: dict[str, list[str]] = {}
    for name, key in keys.items():
        if key:
            sharing.setdefault(key.lower(), []).append(name)
    return {
        name: [BY_NAME[other].title for other in names if other != name]
        for names in sharing.values()
        if len(names) > 1
        for name in names
    }
