"""Listeners of a long run: what the streams have said, added up."""

from __future__ import annotations

import json
import threading
import time
from decimal import Decimal
from typing import Any

import websocket

from engine.paper.paper_process import PaperProcess
from tests.helpers.paper import DEADLINE_S
from tests.helpers.waiting import wait_until
from tests.proofs.fast_client import FastClient


class Listener(threading.Thread):
    """Reads one WebSocket until `finish`; `wrong` says what must not have happened."""

    def __init__(self, url: str) -> None:
        super().__init__(name=f"listener {url[-20:]}")
        self.messages = 0
        self.wrong = ""
        self._finishing = False
        self._socket = websocket.create_connection(url, timeout=DEADLINE_S)

    def run(self) -> None:
        try:
            while not self._finishing and not self.wrong:
                self._read()
        except Exception as error:  # noqa: BLE001 - told at the end
            if not self._finishing:
                self.wrong = repr(error)

    def _read(self) -> None:
        try:
            text = self._socket.recv()
        except websocket.WebSocketTimeoutException:
            return
        self.messages += 1
        self.on_message(json.loads(text))

    def on_message(self, message: Any) -> None:
        raise NotImplementedError

    def finish(self) -> None:
        self._finishing = True
        self._socket.shutdown()
        self.join()


class CountingStream(Listener):
    """Market streams: trades counted, depth without a gap, aggregate trades in order."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.trades = 0
        self._last: dict[str, int] = {}

    def on_message(self, message: Any) -> None:
        stream, data = message["stream"], message["data"]
        kind = data.get("e") if isinstance(data, dict) else ""
        if kind == "aggTrade":
            self.trades += 1
            self._expect(stream, data["a"] - 1, data["a"])
        elif kind == "depthUpdate":
            self._expect(stream, data["pu"], data["u"])

    def _expect(self, stream: str, previous: int, number: int) -> None:
        if self._last.setdefault(stream, previous) != previous:
            self.wrong = f"{stream}: after {self._last[stream]} came {number} ({previous})"
        self._last[stream] = number


class PrivateTally(Listener):
    """One account's wallet, put together from its private events alone."""

    def __init__(self, server: PaperProcess, client: FastClient) -> None:
        self._client = client
        key = client.raw("POST", "/fapi/v1/listenKey").body["listenKey"]
        self.wallet = self._rest_wallet()
        self.fills = 0
        self.fundings = 0
        self._told = self.wallet
        super().__init__(f"{server.hosts.streams}/private/ws/{key}")

    def on_message(self, message: Any) -> None:
        kind = message["e"]
        if kind == "ORDER_TRADE_UPDATE":
            order = message["o"]
            if order["t"]:
                self.fills += 1
                self.wallet += Decimal(order["rp"]) - Decimal(order["n"])
        elif kind == "ACCOUNT_UPDATE":
            self._on_account(message["a"])
        elif kind == "listenKeyExpired":
            self.wrong = "the listenKey has expired although it was kept alive"

    def _on_account(self, account: dict[str, Any]) -> None:
        for row in account["B"]:
            self._told = Decimal(row["wb"])
            if account["m"] == "ORDER":
                continue
            self.wallet += Decimal(row["bc"])
            self.fundings += account["m"] == "FUNDING_FEE"
        if self._told != self.wallet:
            self.wrong = f"the wallet is {self._told}, its events add up to {self.wallet}"

    def keep_alive(self) -> None:
        answer = self._client.raw("PUT", "/fapi/v1/listenKey")
        if answer.status != 200:
            self.wrong = f"listenKey: {answer.body}"

    def settled_wallet(self) -> Decimal:
        """By REST, once the events of the last fills have arrived here; cancels everything."""
        for symbol in ("BTCUSDT", "ETHUSDT"):
            self._client.signed("DELETE", "/fapi/v1/allOpenOrders", symbol=symbol)
            self._client.signed("DELETE", "/fapi/v1/algoOpenOrders", symbol=symbol)
        last = time.monotonic()
        wait_until(
            lambda: self._rest_wallet() == self.wallet or time.monotonic() - last > 5,
            timeout_s=DEADLINE_S,
            what="the last private events",
        )
        wallet = self._rest_wallet()
        self._client.close()
        return wallet

    def _rest_wallet(self) -> Decimal:
        return Decimal(self._client.signed("GET", "/fapi/v3/balance").body[0]["balance"])
