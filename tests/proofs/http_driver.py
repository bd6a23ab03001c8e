"""The same random sessions over real HTTP and WebSockets, with real kills."""

from __future__ import annotations

import contextlib
import json
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import websocket

from engine.errors import VenueError
from engine.paper.paper_process import PaperOptions, PaperProcess
from engine.wire.endpoints import ENDPOINTS, Security
from tests.helpers.paper import DEADLINE_S, PaperClient, now_ms
from tests.proofs.bench_driver import ACCOUNTS, SYMBOLS
from tests.proofs.event_replay import EventReplay

_QUIET_S = 0.02


class HttpVenue:
    """One exchange for many sessions; `kill` gives it a new process."""

    def __init__(self, folder: Path) -> None:
        self._options: dict[str, Any] = {"state_dir": folder, "quiet_market": True}
        self._options |= {"unlimited": True, "verify": True, "symbols": SYMBOLS}
        self.process = PaperProcess.start(PaperOptions(fresh=True, **self._options))

    def kill(self) -> None:
        self.process.kill()
        self.process = PaperProcess.start(PaperOptions(**self._options))

    def stop(self) -> None:
        self.process.stop()


class HttpDriver:
    """One session, begun with two flat accounts."""

    can_move_time = False

    def __init__(self, venue: HttpVenue) -> None:
        self._venue = venue
        self._clients: dict[str, PaperClient] = {}
        self._sockets: dict[str, websocket.WebSocket] = {}
        self._connect()
        for name in ACCOUNTS:
            self._flatten(name)
        self._read_all()
        self.replays = {name: EventReplay(self.call, name) for name in ACCOUNTS}

    def _connect(self) -> None:
        process = self._venue.process
        for name, keys in zip(ACCOUNTS, process.accounts, strict=True):
            self._clients[name] = PaperClient(process, keys)
            key = self.call("create_listen_key", name)["listenKey"]
            url = f"{process.hosts.streams}/private/ws/{key}"
            self._sockets[name] = websocket.create_connection(url, timeout=DEADLINE_S)

    def _flatten(self, name: str) -> None:
        for symbol in SYMBOLS:
            self.call("cancel_all", name, symbol=symbol)
            self.call("cancel_all_algo", name, symbol=symbol)
        self._clients[name].clean()
        for change in (
            ("set_position_mode", {"dualSidePosition": "false"}),
            *(("set_margin_type", {"symbol": s, "marginType": "CROSSED"}) for s in SYMBOLS),
        ):
            with contextlib.suppress(VenueError):  # it is so already
                self.call(change[0], name, **change[1])

    def close(self) -> None:
        for socket in self._sockets.values():
            socket.close()

    def call(self, name: str, account: str, **params: object) -> Any:
        endpoint, client = ENDPOINTS[name], self._clients[account]
        if endpoint.security is Security.KEY:
            answer = client.raw(endpoint.method, endpoint.path)
        else:
            answer = client.signed(endpoint.method, endpoint.path, **params)
        assert answer.status in (200, 400), (name, params, answer.status, answer.body)
        if answer.status != 200:
            raise VenueError(answer.code, answer.body["msg"], answer.status)
        return answer.body

    def now_ms(self) -> int:
        return now_ms()

    def last_price(self, symbol: str) -> Decimal:
        client = self._clients["first"]
        return Decimal(client.public("/fapi/v2/ticker/price", symbol=symbol).body["price"])

    def restart(self) -> None:
        """Killed between two requests; nobody listens while it starts."""
        before = self._trades()
        self.close()
        self._venue.kill()
        self._connect()
        self._read_all()
        for name in ACCOUNTS:
            if self._trades() == before:
                self._assert_same(name)
            else:  # the market has opened in the way of somebody's order
                self.replays[name] = EventReplay(self.call, name)

    def _trades(self) -> list[int]:
        return [
            row["id"]
            for name in ACCOUNTS
            for symbol in SYMBOLS
            for row in self.call("user_trades", name, symbol=symbol, limit=1000)
        ]

    def _assert_same(self, name: str) -> None:
        """Conditional orders may have been set off by the new market's mark."""
        found = [d for d in self.replays[name].differences() if not d.startswith("conditional")]
        assert not found, found
        self.replays[name] = EventReplay(self.call, name)

    def _read_all(self) -> dict[str, list[dict[str, Any]]]:
        return {name: _read(socket) for name, socket in self._sockets.items()}

    def check(self) -> None:
        """Events may be on their way, but not for long."""
        ends_at = time.monotonic() + DEADLINE_S
        found = ["not looked yet"]
        while found and time.monotonic() < ends_at:
            for name, events in self._read_all().items():
                self.replays[name].take(events)
            found = [d for replay in self.replays.values() for d in replay.differences()]
        assert not found, found
        for name in ACCOUNTS:
            self._check_income(name)

    def _check_income(self, name: str) -> None:
        rows = self.call("income", name, limit=1000, startTime=1)
        if len(rows) < 1000:
            assert sum(Decimal(row["income"]) for row in rows) == self.replays[name].wallet


def _read(socket: websocket.WebSocket) -> list[dict[str, Any]]:
    """What has arrived until now."""
    events = []
    socket.settimeout(_QUIET_S)
    while True:
        try:
            events.append(json.loads(socket.recv()))
        except websocket.WebSocketTimeoutException:
            return events
