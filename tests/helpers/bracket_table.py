"""A venue in small for the bracket's pure core: what is true, and what we have heard of it.

Everything true is heard only when `hear` says so, part by part, in any order; within
one order or exit in its own order, as the trackers see to. Actions are carried out
when `carry_out` says so, one batch at a time, as the supervisor does.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from engine.oms.bracket_absorb import absent, refused, unsent
from engine.oms.bracket_core import decide
from engine.oms.bracket_facts import (
    Action,
    AskEntry,
    AskLeg,
    AskPosition,
    CancelEntry,
    CancelExit,
    CloseRest,
    Decision,
    Facts,
    PlaceExit,
    Tell,
)
from engine.oms.bracket_record import Bracket, Leg, LegKind, LegState, entry_id_of
from engine.protection_views import AlgoView
from engine.trading_types import AlgoStatus, OrderStatus, OrderType, PositionSide, Side
from engine.views import ZERO, OrderView, PositionView

D = Decimal
_T0 = 1_790_000_000_000
_ALL = D(1)


def a_bracket(**changes: object) -> Bracket:
    bracket = Bracket(
        bracket_id="b1",
        symbol="BTCUSDT",
        side=Side.BUY,
        quantity=D(10),
        price=D(100),
        stop_price=D(90),
        target_price=D(120),
        entry_id=entry_id_of("b1"),
        created_at=_T0,
        updated_at=_T0,
    )
    return replace(bracket, **changes)


class BracketTable:
    """`refuse` and `unsent_next` plan what happens to the next exits that are placed."""

    def __init__(self, bracket: Bracket | None = None) -> None:
        self.bracket = bracket or a_bracket()
        self.now_ms = _T0
        self.entry: OrderView | None = None
        self.algos: dict[str, AlgoView] = {}
        self.orders: dict[str, OrderView] = {}
        self.held = ZERO  # signed
        self.held_at = 0
        self.heard_entry: OrderView | None = None
        self.heard_algos: dict[str, AlgoView] = {}
        self.heard_orders: dict[str, OrderView] = {}
        self.heard_position: PositionView | None = None
        self.position_read_ms = 0
        self.own_stop: AlgoView | None = None
        self.own_target: AlgoView | None = None
        self.claimed_qty = ZERO
        self.pending: list[Action] = []
        self.told: list[Tell] = []
        self.done: list[Action] = []
        self.refuse: list[tuple[int, str]] = []
        self.unsent_next = 0
        self.is_live = True
        self.is_entry_sending = False
        self.is_killed = False
        self.decision: Decision | None = None
        if self.bracket.entry_id:
            self.entry = OrderView(
                client_order_id=self.bracket.entry_id,
                symbol="BTCUSDT",
                side=self.bracket.side,
                type=OrderType.LIMIT,
                status=OrderStatus.NEW,
                price=D(100),
                orig_qty=self.bracket.quantity,
                order_id=1,
                updated_at=_T0,
            )
            self.heard_entry = self.entry

    # --- what happens at the venue -----------------------------------------------------

    def fill_entry(self, quantity: Decimal | int) -> None:
        assert self.entry is not None
        executed = self.entry.executed_qty + quantity
        is_all = executed >= self.entry.orig_qty
        status = OrderStatus.FILLED if is_all else OrderStatus.PARTIALLY_FILLED
        self.tick()
        self.entry = replace(
            self.entry, executed_qty=executed, status=status, updated_at=self.now_ms
        )
        self.move(quantity if self.bracket.side is Side.BUY else -quantity)

    def end_entry(self, status: OrderStatus = OrderStatus.CANCELED, reason: str = "") -> None:
        assert self.entry is not None
        if not self.entry.status.is_terminal:
            self.entry = replace(self.entry, status=status, reason=reason)

    def move(self, signed: Decimal | int) -> None:
        """The account's position, by whomever."""
        self.held += signed
        self.held_at = self.now_ms

    def trigger(self, client_id: str, share: Decimal = _ALL) -> None:
        """It becomes a market order, which only reduces, and trades at once what it can."""
        algo = self.algos[client_id]
        self.tick()
        room = max(ZERO, self.held if algo.side is Side.SELL else -self.held)
        quantity = min(algo.quantity * share, room)
        self.orders[client_id] = OrderView(
            client_order_id=f"x{client_id}",
            symbol=algo.symbol,
            side=algo.side,
            type=OrderType.MARKET,
            status=OrderStatus.FILLED if quantity == algo.quantity else OrderStatus.EXPIRED,
            price=ZERO,
            orig_qty=algo.quantity,
            executed_qty=quantity,
            order_id=len(self.orders) + 10,
            updated_at=self.now_ms,
        )
        self.move(-quantity if algo.side is Side.SELL else quantity)
        self.algos[client_id] = replace(algo, status=AlgoStatus.FINISHED, order_id=10)

    def say_of(self, client_id: str, status: AlgoStatus, reason: str = "") -> None:
        self.algos[client_id] = replace(self.algos[client_id], status=status, reason=reason)

    def standing(self, kind: LegKind | None = None) -> list[AlgoView]:
        """What truly waits at the venue."""
        return [
            algo
            for algo in self.algos.values()
            if algo.status is AlgoStatus.NEW
            and (kind is None or (kind is LegKind.STOP) is (algo.type is OrderType.STOP_MARKET))
        ]

    def tick(self, ms: int = 1) -> None:
        self.now_ms += ms

    # --- what we hear ------------------------------------------------------------------

    def hear_entry(self) -> None:
        self.heard_entry = self.entry

    def hear_exit(self, client_id: str) -> None:
        if client_id in self.algos:
            self.heard_algos[client_id] = self.algos[client_id]

    def hear_order(self, client_id: str) -> None:
        if client_id in self.orders:
            self.heard_orders[client_id] = self.orders[client_id]

    def hear_position(self) -> None:
        self.heard_position = PositionView(
            symbol="BTCUSDT",
            position_side=PositionSide.BOTH,
            quantity=self.held,
            entry_price=D(100),
            updated_at=self.held_at,
        )

    def hear_all(self) -> None:
        self.hear_entry()
        self.heard_algos = dict(self.algos)
        self.heard_orders = dict(self.orders)
        self.hear_position()

    # --- the supervisor ----------------------------------------------------------------

    def facts(self) -> Facts:
        return Facts(
            now_ms=self.now_ms,
            entry=self.heard_entry,
            is_entry_sending=self.is_entry_sending,
            algos=self.heard_algos,
            orders=self.heard_orders,
            position=self.heard_position,
            position_read_ms=self.position_read_ms,
            claimed_qty=self.claimed_qty,
            own_stop=self.own_stop,
            own_target=self.own_target,
            is_killed=self.is_killed,
            can_act=self.is_live and not self.pending,
        )

    def decide(self) -> Decision:
        self.decision = decide(self.bracket, self.facts())
        self.bracket = self.decision.bracket
        self.pending += self.decision.actions
        self.told += self.decision.told
        return self.decision

    def carry_out(self) -> None:
        pending, self.pending = self.pending, []
        for action in pending:
            self.done.append(action)
            self._carry_out(action)

    def settle(self, rounds: int = 60) -> Decision:
        """Hear and do everything until nothing changes; the clock runs."""
        for _ in range(rounds):
            self.hear_all()
            decision = self.decide()
            self.carry_out()
            self.tick(300)
        return decision

    def _carry_out(self, action: Action) -> None:
        match action:
            case PlaceExit(leg=leg):
                self._place_exit(leg)
            case CloseRest(leg=leg):
                self._close(leg)
            case CancelExit(client_id=client_id):
                algo = self.algos[client_id]
                if algo.status is AlgoStatus.NEW:
                    self.algos[client_id] = replace(algo, status=AlgoStatus.CANCELED)
            case CancelEntry():
                self.end_entry()
            case AskEntry():
                if self.entry is None:
                    self.bracket = absent(self.bracket, self.bracket.entry_id)
                self.hear_entry()
            case AskLeg(leg=leg):
                if leg.client_id not in self.algos and leg.client_id not in self.orders:
                    self.bracket = absent(self.bracket, leg.client_id)
                self.hear_exit(leg.client_id)
                self.hear_order(leg.client_id)
            case AskPosition():
                self.hear_position()
                self.position_read_ms = self.now_ms

    def _place_exit(self, leg: Leg) -> None:
        if self._goes_wrong(leg):
            return
        is_stop = leg.kind is LegKind.STOP
        self.algos[leg.client_id] = AlgoView(
            client_algo_id=leg.client_id,
            symbol="BTCUSDT",
            side=self.bracket.exit_side,
            type=OrderType.STOP_MARKET if is_stop else OrderType.TAKE_PROFIT_MARKET,
            status=AlgoStatus.NEW,
            quantity=leg.quantity,
            trigger_price=leg.trigger_price,
            algo_id=len(self.algos) + 100,
            reduce_only=True,
        )

    def _goes_wrong(self, leg: Leg) -> bool:
        if self.unsent_next:
            self.unsent_next -= 1
            self.bracket = unsent(self.bracket, leg.client_id, "No line.", self.now_ms)
            return True
        if self.refuse:
            code, reason = self.refuse.pop(0)
            self.bracket = refused(self.bracket, leg.client_id, code, reason)
            return True
        return False

    def _close(self, leg: Leg) -> None:
        if self._goes_wrong(leg):
            return
        self.tick()
        is_sell = self.bracket.exit_side is Side.SELL
        room = max(ZERO, self.held if is_sell else -self.held)
        if not room:
            self.bracket = refused(self.bracket, leg.client_id, -2022, "Nothing to reduce.")
            return
        quantity = min(leg.quantity, room)
        self.move(-quantity if is_sell else quantity)
        self.orders[leg.client_id] = OrderView(
            client_order_id=leg.client_id,
            symbol="BTCUSDT",
            side=self.bracket.exit_side,
            type=OrderType.MARKET,
            status=OrderStatus.FILLED if quantity == leg.quantity else OrderStatus.EXPIRED,
            price=ZERO,
            orig_qty=leg.quantity,
            executed_qty=quantity,
            order_id=len(self.orders) + 10,
            updated_at=self.now_ms,
        )

    # --- for assertions ------------------------------------------------------------------

    def legs(self, kind: LegKind, *states: LegState) -> list[Leg]:
        return self.bracket.legs_of(kind, *states)

    def codes(self) -> list[str]:
        return [tell.code for tell in self.told]
