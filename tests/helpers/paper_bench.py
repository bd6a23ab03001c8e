"""The paper venue without sockets, with a hand on its clock and an ear on its events."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from engine.clock import FakeClock
from engine.paper.paper_account import PaperAccount
from engine.paper.paper_build import VenueSettings, build_venue
from engine.paper.paper_state import StateFolder
from engine.paper.paper_streams import StreamConnection
from engine.paper.paper_venue import PaperVenue
from engine.wire.endpoints import ENDPOINTS

EIGHT_HOURS_S = 8 * 3600


class Bench:
    """A venue with a hand on its clock and an ear on its first account."""

    def __init__(
        self, folder: StateFolder, clock: FakeClock | None = None, **settings: Any
    ) -> None:
        self.clock = clock or FakeClock()
        wanted: dict[str, Any] = {"seed": 1, "quiet_market": True, "fresh": True, "verify": True}
        self.venue: PaperVenue
        self.venue, self.keys = build_venue(
            VenueSettings(**{**wanted, **settings}), folder, self.clock
        )
        self.frames: list[bytes] = []

    @property
    def first(self) -> PaperAccount:
        return self.venue.exchange.accounts["first"]

    def call(self, name: str, account: str | None = "first", **params: object) -> Any:
        """One request past keys and limits; raises VenueError."""
        now_ms = self.venue.now_ms()
        texts = {key: str(value) for key, value in params.items()}
        try:
            return self.venue.perform(ENDPOINTS[name], account, texts, now_ms)
        finally:
            self.venue.commit(now_ms)

    def order(self, side: str, quantity: str, account: str = "first", **params: object) -> Any:
        wanted: dict[str, object] = {"symbol": "BTCUSDT", "side": side, "quantity": quantity}
        if "price" in params:
            wanted.update(type="LIMIT", timeInForce="GTC")
        else:
            wanted.update(type="MARKET")
        return self.call("place_order", account, **{**wanted, **params})

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.venue.step(self.venue.now_ms())

    def pass_eight_hours(self) -> None:
        """Past one funding time, with the user stream kept alive."""
        for _ in range(16):
            self.call("keep_listen_key")
            self.pass_time(EIGHT_HOURS_S / 16)

    def listen(self) -> str:
        key = self.call("create_listen_key")["listenKey"]
        StreamConnection(self.venue.hub, "private", combined=False, send=self.frames.append).listen(
            key
        )
        return str(key)

    def events(self, name: str) -> list[dict[str, Any]]:
        payloads = [payload_of(frame) for frame in self.frames]
        return [payload for payload in payloads if payload["e"] == name]

    def set_mark(self, price: str) -> None:
        """Move the whole market's idea of the price, as a crash does."""
        market = self.venue.exchange.markets["BTCUSDT"]
        market.index_price = market.mark_price = Decimal(price)
        market.last_ticks = market.spec.price_to_ticks(Decimal(price))
        self.venue.exchange.marks["BTCUSDT"] = market.mark_price


def payload_of(frame: bytes) -> dict[str, Any]:
    return dict(msgspec.json.decode(frame[_header(frame) :]))


def _header(frame: bytes) -> int:
    return {126: 4, 127: 10}.get(frame[1], 2)
