"""An account as its private events alone tell it, to be held against what REST says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

D = Decimal
Call = Callable[..., Any]
_OPEN = ("NEW", "PARTIALLY_FILLED")
_OPEN_ALGOS = ("NEW", "TRIGGERING", "TRIGGERED")


class EventReplay:
    """Begins with the positions and balance that REST gives, as a client does."""

    def __init__(self, call: Call, account: str) -> None:
        self._call = call
        self._account = account
        self.orders: dict[int, dict[str, Any]] = {}
        self.algos: dict[int, dict[str, Any]] = {}
        self.positions: dict[tuple[str, str], tuple[Decimal, Decimal, Decimal]] = {}
        self.filled: dict[int, Decimal] = {}
        self.trades: set[tuple[int, int]] = set()
        self.wallet = self.cross_wallet = D(0)
        self._read_rest()

    def _read_rest(self) -> None:
        for row in self._call("open_orders", self._account):
            self.orders[row["orderId"]] = {
                "X": row["status"],
                "z": row["executedQty"],
                "q": row["origQty"],
                "p": row["price"],
            }
            self.filled[row["orderId"]] = D(row["executedQty"])
        for row in self._call("open_algos", self._account):
            self.algos[row["algoId"]] = {"X": row["algoStatus"]}
        self.positions = self._rest_positions()
        self.wallet, self.cross_wallet = self._rest_balance()

    def take(self, events: Iterable[dict[str, Any]]) -> None:
        for event in events:
            kind = event["e"]
            if kind == "ORDER_TRADE_UPDATE":
                self._take_order(event["o"])
            elif kind == "ALGO_UPDATE":
                self.algos[event["o"]["aid"]] = event["o"]
            elif kind == "ACCOUNT_UPDATE":
                self._take_account(event["a"])

    def _take_order(self, order: dict[str, Any]) -> None:
        number = order["i"]
        known = self.orders.get(number)
        assert known is None or known["X"] in _OPEN, f"{order} after its end {known}"
        before = self.filled.get(number, D(0))
        if order["t"]:
            trade = (number, order["t"])
            assert trade not in self.trades, f"trade {trade} was told twice"
            self.trades.add(trade)
        self.filled[number] = before + D(order["l"])
        assert self.filled[number] == D(order["z"]) <= D(order["q"]), order
        self.orders[number] = order

    def _take_account(self, account: dict[str, Any]) -> None:
        for row in account["B"]:
            self.wallet, self.cross_wallet = D(row["wb"]), D(row["cw"])
        for row in account["P"]:
            amount = D(row["pa"])
            key = (row["s"], row["ps"])
            self.positions[key] = (amount, D(row["ep"]), D(row["iw"]))
            if not amount:
                del self.positions[key]

    def differences(self) -> list[str]:
        """Between the events and REST; empty when they agree."""
        found: list[str] = []
        shown = {
            row["orderId"]: (row["status"], row["executedQty"], row["origQty"], D(row["price"]))
            for row in self._call("open_orders", self._account)
        }
        told = {
            number: (order["X"], order["z"], order["q"], D(order["p"]))
            for number, order in self.orders.items()
            if order["X"] in _OPEN
        }
        _compare(found, "open orders", told, shown)
        algos = self._call("open_algos", self._account)
        _compare(
            found,
            "conditional orders",
            {n: o["X"] for n, o in self.algos.items() if o["X"] in _OPEN_ALGOS},
            {row["algoId"]: row["algoStatus"] for row in algos},
        )
        _compare(found, "positions", self.positions, self._rest_positions())
        _compare(found, "balance", (self.wallet, self.cross_wallet), self._rest_balance())
        return found

    def _rest_positions(self) -> dict[tuple[str, str], tuple[Decimal, Decimal, Decimal]]:
        return {
            (row["symbol"], row["positionSide"]): (
                D(row["positionAmt"]),
                D(row["entryPrice"]),
                D(row["isolatedWallet"]),
            )
            for row in self._call("position_risk", self._account)
            if D(row["positionAmt"])
        }

    def _rest_balance(self) -> tuple[Decimal, Decimal]:
        (row,) = self._call("balance", self._account)
        return D(row["balance"]), D(row["crossWalletBalance"])


def _compare(found: list[str], what: str, told: object, shown: object) -> None:
    if told != shown:
        found.append(f"{what}: events say {told}, REST says {shown}")
