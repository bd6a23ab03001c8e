"""`python -m tests.proofs kills`: kill -9 at any instant; nothing acknowledged may be lost."""

from __future__ import annotations

import http.client
import random
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from engine.paper.paper_process import PaperProcess
from tests.helpers.paper import PaperClient, paper_server
from tests.helpers.waiting import wait_until


class Acknowledged(threading.Thread):
    """Places and cancels until the server is gone; remembers what it was told."""

    def __init__(self, server: PaperProcess, life: int, seed: int) -> None:
        super().__init__(name="places-orders")
        self.statuses: dict[str, str] = {}
        self.trades = 0
        self._client = PaperClient(server)
        self._life = life
        self._chance = random.Random(seed)

    def run(self) -> None:
        number = 0
        try:
            while True:
                number += 1
                self._step(f"life{self._life}-{number}")
        except (OSError, http.client.HTTPException):
            return  # killed

    def _step(self, client_id: str) -> None:
        chance, client = self._chance, self._client
        if chance.random() < 0.2:
            side = chance.choice(["BUY", "SELL"])
            answer = client.market(side, "0.010", newClientOrderId=client_id)
            if answer.status == 200:
                self.statuses[client_id] = "FILLED"
                self.trades += 1
            return
        price = str(60_000 + chance.randrange(2000))
        answer = client.order(newClientOrderId=client_id, price=price, quantity="0.001")
        if answer.status != 200:
            return
        self.statuses[client_id] = "NEW"
        if chance.random() < 0.6:
            self.statuses[client_id] = ""  # cancelling: not known until acknowledged
            key = {"symbol": "BTCUSDT", "origClientOrderId": client_id}
            if client.signed("DELETE", "/fapi/v1/order", **key).status == 200:
                self.statuses[client_id] = "CANCELED"


def run(kills: int, seed: int) -> dict[str, Any]:
    """Blocks for about a second a kill; the figures, `passed` among them."""
    chance = random.Random(seed)
    began = time.monotonic()
    told: dict[str, str] = {}
    lost: list[str] = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        for life in range(kills):
            options: dict[str, Any] = {"unlimited": True, "verify": True, "fresh": life == 0}
            with paper_server(folder, balance="1000000", **options) as server:
                lost += missing(server, told)
                client = Acknowledged(server, life, chance.randrange(2**32))
                client.start()
                enough = chance.randrange(1, 60)
                wait_until(lambda c=client, n=enough: len(c.statuses) >= n, 30, "acknowledgements")
                server.kill()
                client.join()
                told.update(client.statuses)
        with paper_server(folder) as server:
            lost += missing(server, told)
    return {
        "passed": not lost,
        "kills": kills,
        "acknowledged": len(told),
        "lost": len(lost),
        "examples": lost[:5],
        "seconds": round(time.monotonic() - began, 1),
    }


def missing(server: PaperProcess, told: dict[str, str]) -> list[str]:
    """What the server has to say of the orders, where it is not what was acknowledged."""
    rows = PaperClient(server).signed("GET", "/fapi/v1/allOrders", symbol="BTCUSDT", limit=1000)
    shown = {row["clientOrderId"]: row["status"] for row in rows.body}
    newest = list(told.items())[-900:]
    return [
        f"{client_id}: acknowledged {status or 'as placed'}, now {shown.get(client_id)}"
        for client_id, status in newest
        if shown.get(client_id) is None or status not in ("", shown[client_id])
    ]
