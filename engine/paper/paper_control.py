"""Our hand on a paper exchange while it serves: faults and replays, by its own control route.

Only calls on loopback; the exchange may be ours or one that another program started.
"""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from engine.errors import PaperExchangeError
from engine.paper.control_paths import FAULTS_PATH, REPLAY_PATH

T = TypeVar("T")
_TIMEOUT_S = 3.0


class RuleNow(msgspec.Struct, frozen=True, kw_only=True):
    """A fault in force: how often something matched it, and how often it was played."""

    rule: int
    fault: str
    matched: int = 0
    played: int = 0


class PlayedNow(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    at_ms: int
    rule: int
    fault: str
    what: str = ""


class FaultsNow(msgspec.Struct, frozen=True, kw_only=True):
    rules: tuple[RuleNow, ...] = ()
    log: tuple[PlayedNow, ...] = ()


class ReplayNow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    symbol: str
    position_ms: int
    speed: float
    paused: bool
    finished: bool


class _Rules(msgspec.Struct, frozen=True):
    rules: list[int]


class _Replays(msgspec.Struct, frozen=True):
    replays: tuple[ReplayNow, ...] = ()


class _Refusal(msgspec.Struct, frozen=True):
    msg: str = ""


class PaperControl:
    """Every call blocks for 3 s at the most and raises PaperExchangeError. One thread only."""

    def __init__(self, rest: str, api_key: str) -> None:
        self._address = urlsplit(rest).netloc
        self._api_key = api_key

    def play(self, fault: str, values: Mapping[str, Any], when: Mapping[str, Any]) -> int:
        """Put one fault in force; the number of its rule."""
        rule = {"fault": fault, **values, "when": dict(when)}
        return self._ask("POST", FAULTS_PATH, _Rules, rule).rules[0]

    def end_faults(self) -> None:
        self._ask("DELETE", FAULTS_PATH, _Rules)

    def faults(self, since: int) -> FaultsNow:
        """The rules in force, and what was played after the entry `since`."""
        return self._ask("GET", f"{FAULTS_PATH}?since={since}", FaultsNow)

    def set_replay(self, *, paused: bool | None, speed: float | None) -> tuple[ReplayNow, ...]:
        wish = {"paused": paused, "speed": speed}
        return self._ask("POST", REPLAY_PATH, _Replays, wish).replays

    def replays(self) -> tuple[ReplayNow, ...]:
        return self._ask("GET", REPLAY_PATH, _Replays).replays

    def _ask(self, method: str, target: str, answer: type[T], body: object = None) -> T:
        connection = http.client.HTTPConnection(self._address, timeout=_TIMEOUT_S)
        text = None if body is None else msgspec.json.encode(body)
        try:
            connection.request(method, target, text, {"X-MBX-APIKEY": self._api_key})
            reply = connection.getresponse()
            content = reply.read()
        except (OSError, http.client.HTTPException):
            raise PaperExchangeError("The paper exchange does not answer.") from None
        finally:
            connection.close()
        try:
            if reply.status != http.HTTPStatus.OK:
                raise PaperExchangeError(msgspec.json.decode(content, type=_Refusal).msg)
            return msgspec.json.decode(content, type=answer)
        except msgspec.MsgspecError:
            raise PaperExchangeError("The paper exchange gave a strange answer.") from None
