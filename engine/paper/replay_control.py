"""The replays' own endpoint, under a path that no venue has.

GET shows where each replay stands. POST `{"paused": true, "speed": 10}` changes
all of them, or the one of `"symbol"`; what is left out stays as it is. Only
from this computer, and with an API key of the exchange.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_address

import msgspec

from engine.errors import PaperExchangeError, VenueError
from engine.paper.control_paths import REPLAY_PATH
from engine.paper.paper_venue import Incoming, PaperVenue
from engine.paper.trade_replay import TradeReplay

_BAD_REQUEST = -1130
Ear = Callable[[Incoming], object | None]


class ReplayWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a POST may ask for."""

    symbol: str | None = None
    paused: bool | None = None
    speed: float | None = None


class ReplayControl:
    """Hears requests before `otherwise` does. The event loop's thread only."""

    def __init__(
        self, replays: Mapping[str, TradeReplay], venue: PaperVenue, otherwise: Ear | None
    ) -> None:
        self._replays = replays
        self._venue = venue
        self._otherwise = otherwise

    def answer(self, incoming: Incoming) -> object | None:
        """The answer's body; None when it is another path. Raises VenueError."""
        if incoming.path != REPLAY_PATH:
            return None if self._otherwise is None else self._otherwise(incoming)
        if not ip_address(incoming.address).is_loopback:
            raise VenueError(-1011, "Only this computer may ask.", 403)
        self._venue.keys.find(incoming.api_key)
        if incoming.method == "POST":
            self._obey(incoming.body)
        elif incoming.method != "GET":
            raise VenueError(-5000, f"Method {incoming.method} is invalid here.", 405)
        return {"replays": [_row(symbol, replay) for symbol, replay in self._replays.items()]}

    def _obey(self, body: str) -> None:
        try:
            wish = msgspec.json.decode(body, type=ReplayWish)
        except msgspec.MsgspecError as error:
            raise VenueError(_BAD_REQUEST, f"This is no wish for a replay: {error}", 400) from None
        if wish.symbol is not None and wish.symbol not in self._replays:
            raise VenueError(_BAD_REQUEST, f"{wish.symbol} is not replayed.", 400)
        for symbol, replay in self._replays.items():
            if wish.symbol in (None, symbol):
                _change(replay, wish)


def _change(replay: TradeReplay, wish: ReplayWish) -> None:
    if wish.speed is not None:
        try:
            replay.speed = wish.speed
        except PaperExchangeError as error:
            raise VenueError(_BAD_REQUEST, str(error), 400) from None
    if wish.paused is not None:
        (replay.pause if wish.paused else replay.resume)()


def _row(symbol: str, replay: TradeReplay) -> dict[str, object]:
    return {
        "symbol": symbol,
        "positionMs": replay.position_ms,
        "speed": replay.speed,
        "paused": replay.is_paused,
        "finished": replay.is_finished,
    }
