"""What a person asks about API keys. Carried out on the thread `keys`, engine or no engine.

Answered by KeysChecked and KeysListed of engine.events.keys, or by CommandRefused.
The secret is in CheckKeys alone, wrapped: it is never printed, logged or encoded.
"""

from __future__ import annotations

from engine.commands import Command
from engine.secret import Credentials


class CheckKeys(Command, frozen=True, kw_only=True):
    """Try these keys at `environment`: clock, permissions, position mode. Keeps nothing."""

    environment: str
    credentials: Credentials


class KeepKeys(Command, frozen=True, kw_only=True):
    """Keep the keys that were last checked for `environment` and found usable.

    In the system's key store, or in memory until the program ends.
    """

    environment: str
    session_only: bool = False


class RemoveKeys(Command, frozen=True, kw_only=True):
    """From the key store and from memory. Nothing changes at the exchange."""

    environment: str


class ListKeys(Command, frozen=True, kw_only=True):
    """Which environments have keys, and where they are kept."""


KeyCommand = CheckKeys | KeepKeys | RemoveKeys | ListKeys
