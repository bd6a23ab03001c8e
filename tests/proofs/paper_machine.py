"""Random sessions of two accounts on one venue, as a hypothesis state machine.

Rules are what people, the market and fate may do; what must be true after each
of them is the driver's `check`. The same rules run on a venue without sockets
and, as far as they need no hand on its clock, over real HTTP.
"""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from typing import Any, ClassVar, Protocol

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from engine.errors import VenueError
from tests.proofs.bench_driver import ACCOUNTS, SYMBOLS, BenchDriver

TICKS = {
    "BTCUSDT": (Decimal("0.1"), Decimal("0.001")),
    "ETHUSDT": (Decimal("0.01"), Decimal("0.001")),
}

accounts = st.sampled_from(ACCOUNTS)
symbols = st.sampled_from((*SYMBOLS[:1] * 3, SYMBOLS[1]))  # mostly one, so that they meet
sides = st.sampled_from(("BUY", "SELL"))
position_sides = st.sampled_from(("LONG", "SHORT"))
stp_modes = st.sampled_from(("", "", "NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"))
times_in_force = st.sampled_from(("GTC", "GTC", "GTC", "IOC", "FOK", "GTX", "GTD", "RPI"))
price_matches = st.sampled_from(("", "", "", "", "OPPONENT", "OPPONENT_5", "QUEUE", "QUEUE_20"))
algo_types = st.sampled_from(
    ("STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET")
)
working_types = st.sampled_from(("CONTRACT_PRICE", "CONTRACT_PRICE", "MARK_PRICE"))
steps = st.integers(1, 60) | st.integers(1, 2000)
offsets = st.integers(-30, 30) | st.integers(-3000, 3000)  # ticks from the last price
numbers = st.integers(0, 1000)  # which one of what there is
Params = dict[str, Any]


class Driver(Protocol):
    can_move_time: bool

    def call(self, name: str, account: str, **params: object) -> Any: ...

    def now_ms(self) -> int: ...

    def last_price(self, symbol: str) -> Decimal: ...

    def restart(self) -> None: ...

    def check(self) -> None: ...

    def close(self) -> None: ...


class PaperMachine(RuleBasedStateMachine):
    """A refusal is an answer; any other exception is a failure."""

    counts: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.driver: Any = None
        self.hedged: set[str] = set()
        self.orders: list[tuple[str, str, str, int]] = []  # account, symbol, side, id
        self.algos: list[tuple[str, int]] = []

    @initialize(
        seed=st.integers(0, 2**16),
        living=st.sampled_from((False, False, True)),
        hedged=st.booleans(),
    )
    def open_venue(self, seed: int, living: bool, hedged: bool) -> None:
        self.driver = self.make_driver(seed, living)
        if hedged:
            self.set_position_mode("second", True)

    def make_driver(self, seed: int, living: bool) -> Driver:
        return BenchDriver(seed, living=living)

    def teardown(self) -> None:
        if self.driver is not None:
            self.driver.close()
            self.counts["sessions"] += 1

    @invariant()
    def everything_is_true(self) -> None:
        if self.driver is not None:
            self.counts["checked"] += 1
            self.driver.check()

    def ask(self, name: str, account: str, **params: object) -> Any:
        """The answer; None when it is refused."""
        self.counts["asked"] += 1
        try:
            return self.driver.call(name, account, **params)
        except VenueError:
            self.counts["refused"] += 1
            return None

    # orders

    def _sided(self, account: str, symbol: str, side: str, long_short: str) -> Params:
        sided: Params = {"symbol": symbol, "side": side}
        if account in self.hedged:
            sided["positionSide"] = long_short
        return sided

    def _price(self, symbol: str, offset: int) -> str:
        price = self.driver.last_price(symbol) + offset * TICKS[symbol][0]
        return f"{max(price, TICKS[symbol][0]):f}"

    def _quantity(self, symbol: str, number: int) -> str:
        return f"{number * TICKS[symbol][1]:f}"

    def _limit(
        self, symbol: str, number: int, offset: int, tif: str, stp: str, match: str
    ) -> Params:
        order: Params = {
            "type": "LIMIT",
            "quantity": self._quantity(symbol, number),
            "timeInForce": tif,
        }
        if match:
            order["priceMatch"] = match
        else:
            order["price"] = self._price(symbol, offset)
        if stp:
            order["selfTradePreventionMode"] = stp
        if tif == "GTD":
            order["goodTillDate"] = self.driver.now_ms() + 700_000
        return order

    def _remember(self, account: str, answer: Any) -> None:
        if answer and "orderId" in answer:
            self.counts["orders"] += 1
            self.orders.append((account, answer["symbol"], answer["side"], answer["orderId"]))

    @rule(
        account=accounts,
        symbol=symbols,
        side=sides,
        long_short=position_sides,
        number=steps,
        offset=offsets,
        tif=times_in_force,
        stp=stp_modes,
        match=price_matches,
        reduces=st.integers(0, 3),
    )
    def place_limit(
        self,
        account: str,
        symbol: str,
        side: str,
        long_short: str,
        number: int,
        offset: int,
        tif: str,
        stp: str,
        match: str,
        reduces: int,
    ) -> None:
        order = self._sided(account, symbol, side, long_short)
        order |= self._limit(symbol, number, offset, tif, stp, match)
        if reduces == 0 and account not in self.hedged:
            order["reduceOnly"] = "true"
        self._remember(account, self.ask("place_order", account, **order))

    @rule(
        account=accounts,
        symbol=symbols,
        side=sides,
        long_short=position_sides,
        number=steps,
        stp=stp_modes,
        reduces=st.integers(0, 2),
    )
    def place_market(
        self,
        account: str,
        symbol: str,
        side: str,
        long_short: str,
        number: int,
        stp: str,
        reduces: int,
    ) -> None:
        order = self._sided(account, symbol, side, long_short)
        order |= {"type": "MARKET", "quantity": self._quantity(symbol, number)}
        if stp:
            order["selfTradePreventionMode"] = stp
        if reduces == 0 and account not in self.hedged:
            order["reduceOnly"] = "true"
        order["newOrderRespType"] = "RESULT"
        self._remember(account, self.ask("place_order", account, **order))

    @rule(
        account=accounts,
        symbol=symbols,
        long_short=position_sides,
        rows=st.lists(st.tuples(sides, steps, offsets, times_in_force), min_size=1, max_size=5),
    )
    def place_batch(
        self, account: str, symbol: str, long_short: str, rows: list[tuple[str, int, int, str]]
    ) -> None:
        batch = [
            self._sided(account, symbol, side, long_short)
            | self._limit(symbol, number, offset, tif, "", "")
            for side, number, offset, tif in rows
        ]
        for answer in self.ask("place_batch", account, batchOrders=json.dumps(batch)) or []:
            self._remember(account, answer)

    @precondition(lambda self: self.orders)
    @rule(which=numbers, number=steps, offset=offsets)
    def amend(self, which: int, number: int, offset: int) -> None:
        account, symbol, side, order_id = self.orders[-1 - which % len(self.orders)]
        self.ask(
            "amend_order",
            account,
            symbol=symbol,
            side=side,
            orderId=order_id,
            quantity=self._quantity(symbol, number),
            price=self._price(symbol, offset),
        )

    @precondition(lambda self: self.orders)
    @rule(which=numbers)
    def cancel(self, which: int) -> None:
        account, symbol, _, order_id = self.orders[-1 - which % len(self.orders)]
        self.ask("cancel_order", account, symbol=symbol, orderId=order_id)

    @precondition(lambda self: self.orders)
    @rule(account=accounts, symbol=symbols)
    def cancel_batch(self, account: str, symbol: str) -> None:
        ids = [o[3] for o in self.orders[-10:] if o[:2] == (account, symbol)]
        if ids:
            self.ask("cancel_batch", account, symbol=symbol, orderIdList=json.dumps(ids))

    @rule(account=accounts, symbol=symbols)
    def cancel_all(self, account: str, symbol: str) -> None:
        self.ask("cancel_all", account, symbol=symbol)

    @rule(
        account=accounts,
        symbol=symbols,
        side=sides,
        long_short=position_sides,
        kind=algo_types,
        number=steps,
        offset=offsets,
        working=working_types,
        closes=st.integers(0, 2),
        reduces=st.booleans(),
        protect=st.integers(0, 3),
        callback=st.sampled_from(("0.1", "0.5", "3")),
    )
    def place_algo(
        self,
        account: str,
        symbol: str,
        side: str,
        long_short: str,
        kind: str,
        number: int,
        offset: int,
        working: str,
        closes: int,
        reduces: bool,
        protect: int,
        callback: str,
    ) -> None:
        order = self._sided(account, symbol, side, long_short)
        order |= {"algoType": "CONDITIONAL", "type": kind, "workingType": working}
        if protect == 0:
            order["priceProtect"] = "true"
        if kind == "TRAILING_STOP_MARKET":
            order["callbackRate"] = callback
        else:
            order["triggerPrice"] = self._price(symbol, offset)
        if kind in ("STOP", "TAKE_PROFIT"):
            order["price"] = self._price(symbol, offset // 2)
        if closes == 0 and kind in ("STOP_MARKET", "TAKE_PROFIT_MARKET"):
            order["closePosition"] = "true"
        else:
            order["quantity"] = self._quantity(symbol, number)
            if reduces and account not in self.hedged:
                order["reduceOnly"] = "true"
        answer = self.ask("place_algo", account, **order)
        if answer:
            self.algos.append((account, answer["algoId"]))

    @precondition(lambda self: self.algos)
    @rule(which=numbers)
    def cancel_algo(self, which: int) -> None:
        account, algo_id = self.algos[-1 - which % len(self.algos)]
        self.ask("cancel_algo", account, algoId=algo_id)

    @rule(account=accounts, symbol=symbols)
    def cancel_all_algo(self, account: str, symbol: str) -> None:
        self.ask("cancel_all_algo", account, symbol=symbol)

    # the account

    @rule(account=accounts, symbol=symbols, leverage=st.sampled_from((1, 5, 20, 50, 100, 125)))
    def set_leverage(self, account: str, symbol: str, leverage: int) -> None:
        self.ask("set_leverage", account, symbol=symbol, leverage=leverage)

    @rule(account=accounts, symbol=symbols, isolated=st.booleans())
    def set_margin_type(self, account: str, symbol: str, isolated: bool) -> None:
        kind = "ISOLATED" if isolated else "CROSSED"
        self.ask("set_margin_type", account, symbol=symbol, marginType=kind)

    @rule(account=accounts, hedge=st.booleans())
    def set_position_mode(self, account: str, hedge: bool) -> None:
        wanted = "true" if hedge else "false"
        if self.ask("set_position_mode", account, dualSidePosition=wanted):
            (self.hedged.add if hedge else self.hedged.discard)(account)

    @rule(
        account=accounts,
        symbol=symbols,
        long_short=position_sides,
        amount=st.sampled_from(("0.5", "50", "2000")),
        kind=st.sampled_from((1, 2)),
    )
    def move_margin(
        self, account: str, symbol: str, long_short: str, amount: str, kind: int
    ) -> None:
        sided = {"positionSide": long_short} if account in self.hedged else {}
        self.ask("position_margin", account, symbol=symbol, amount=amount, type=kind, **sided)

    @rule(account=accounts, symbol=symbols, wait_ms=st.sampled_from((0, 1000, 60_000)))
    def set_countdown(self, account: str, symbol: str, wait_ms: int) -> None:
        self.ask("countdown_cancel_all", account, symbol=symbol, countdownTime=wait_ms)

    # fate

    @rule()
    def be_killed_and_start_again(self) -> None:
        self.counts["restarts"] += 1
        self.driver.restart()

    @precondition(lambda self: self.driver.can_move_time)
    @rule(seconds=st.sampled_from((0.05, 0.05, 1.0, 5.0, 61.0, 800.0)))
    def pass_time(self, seconds: float) -> None:
        self.driver.pass_time(seconds)

    @precondition(lambda self: self.driver.can_move_time)
    @rule()
    def pass_a_funding(self) -> None:
        self.driver.pass_time(8 * 3600.0)

    @precondition(lambda self: self.driver.can_move_time)
    @rule(symbol=symbols, ticks=offsets | st.integers(-40_000, 40_000))
    def move_market(self, symbol: str, ticks: int) -> None:
        self.driver.move_market(symbol, ticks)
