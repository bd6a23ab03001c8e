"""Somebody who trades at random by REST and minds only answers that nobody may give."""

from __future__ import annotations

import random
import threading
from collections import Counter

from tests.proofs.fast_client import FastClient

SYMBOLS = {"BTCUSDT": ("0.001", 1), "ETHUSDT": ("0.010", 2)}  # step of the sizes, decimals
# what the rules of trading may answer to an order at random
REFUSALS = frozenset(
    {-2011, -2013, -2019, -2021, -2022, -2025, -2027, -4045, -4118, -4131, -4164}
    | {-5021, -5022, -5027, -5029}
)


class RandomTrader(threading.Thread):
    """`pause_s` between orders. Ends when `stop` is set or at the first wrong answer."""

    def __init__(
        self, client: FastClient, seed: int, stop: threading.Event, pause_s: float, *, hedge: bool
    ) -> None:
        super().__init__(name=f"trader-{seed}")
        self.answers: Counter[str] = Counter()
        self.wrong = ""
        self._client = client
        self._stopping = stop
        self._pause_s = pause_s
        self._hedge = hedge
        self._chance = random.Random(seed)
        self._own: dict[str, list[tuple[int, str]]] = {symbol: [] for symbol in SYMBOLS}
        self._prices: dict[str, float] = {}

    def run(self) -> None:
        try:
            number = 0
            while not self.wrong and not self._stopping.wait(self._pause_s):
                if number % 40 == 0:
                    self._look()
                if number % 1000 == 0:
                    self._client.signed("DELETE", "/fapi/v1/algoOpenOrders", symbol="BTCUSDT")
                    self._client.signed("DELETE", "/fapi/v1/algoOpenOrders", symbol="ETHUSDT")
                number += 1
                self._act()
        except Exception as error:  # noqa: BLE001 - told at the end
            self.wrong = self.wrong or repr(error)
        finally:
            self._client.close()

    def _look(self) -> None:
        for symbol in SYMBOLS:
            row = self._client.public("/fapi/v2/ticker/price", symbol=symbol).body
            self._prices[symbol] = float(row["price"])

    def _act(self) -> None:
        chance, symbol = self._chance, self._chance.choice(list(SYMBOLS))
        side, draw = chance.choice(["BUY", "SELL"]), chance.random()
        order = {"symbol": symbol, "side": side, "quantity": self._quantity(symbol)}
        if self._hedge:
            order["positionSide"] = chance.choice(["LONG", "SHORT"])
        elif chance.random() < 0.3:
            order["reduceOnly"] = "true"
        own = self._own[symbol]
        if draw < 0.35:
            self._note("market", "POST", "/fapi/v1/order", {**order, "type": "MARKET"})
        elif draw < 0.6:
            self._place(symbol, order, own)
        elif draw < 0.75 and own:
            order_id, placed = chance.choice(own)
            row = {"symbol": symbol, "side": placed, "orderId": order_id}
            row |= {"quantity": self._quantity(symbol), "price": self._price(symbol, placed)}
            self._note("amend", "PUT", "/fapi/v1/order", row)
        elif draw < 0.9 and own:
            order_id, _ = own.pop(chance.randrange(len(own)))
            row = {"symbol": symbol, "orderId": order_id}
            self._note("cancel", "DELETE", "/fapi/v1/order", row)
        else:
            self._place_algo(symbol, side, order)

    def _place(self, symbol: str, order: dict[str, str], own: list[tuple[int, str]]) -> None:
        side = order["side"]
        order |= {"type": "LIMIT", "price": self._price(symbol, side)}
        order["timeInForce"] = self._chance.choice(["GTC", "GTC", "GTC", "IOC", "FOK", "GTX"])
        answer = self._note("limit", "POST", "/fapi/v1/order", order)
        if isinstance(answer, dict) and "orderId" in answer:
            own.append((answer["orderId"], side))
        if len(own) > 60:
            self._note("cancel all", "DELETE", "/fapi/v1/allOpenOrders", {"symbol": symbol})
            own.clear()

    def _place_algo(self, symbol: str, side: str, order: dict[str, str]) -> None:
        away = self._chance.uniform(0.0002, 0.002) * (1 if side == "BUY" else -1)
        price = f"{self._prices[symbol] * (1 + away):.{SYMBOLS[symbol][1]}f}"
        order |= {"algoType": "CONDITIONAL", "type": "STOP_MARKET", "triggerPrice": price}
        self._note("algo", "POST", "/fapi/v1/algoOrder", order)

    def _quantity(self, symbol: str) -> str:
        step, _ = SYMBOLS[symbol]
        digits = len(step.partition(".")[2])
        return f"{float(step) * self._chance.randint(3, 40):.{digits}f}"

    def _price(self, symbol: str, side: str) -> str:
        away = self._chance.uniform(-0.002, 0.0003) * (1 if side == "BUY" else -1)
        return f"{self._prices[symbol] * (1 + away):.{SYMBOLS[symbol][1]}f}"

    def _note(self, what: str, method: str, path: str, params: dict[str, object]) -> object:
        answer = self._client.signed(method, path, **params)
        self.answers[what] += 1
        if answer.status != 200:
            self.answers[f"refused {answer.code}"] += 1
            if answer.code not in REFUSALS:
                self.wrong = f"{what} {params}: {answer.status} {answer.body}"
        return answer.body
