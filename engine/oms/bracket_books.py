"""Collects what a bracket's decision is made from out of the books. Reads only."""

from __future__ import annotations

from collections.abc import Iterable

from engine.oms.bracket_facts import Facts
from engine.oms.bracket_record import Bracket, LegKind
from engine.oms.order_manager import OrderManager
from engine.protection_views import AlgoView
from engine.trading_types import AlgoStatus, OrderStatus, OrderType
from engine.views import ZERO, OrderView


class BracketBooks:
    """Never blocks: dictionary look-ups, and the trackers' lock for as long as those take."""

    def __init__(self, oms: OrderManager) -> None:
        self._oms = oms

    def facts(
        self,
        bracket: Bracket,
        others: Iterable[Bracket],
        *,
        now_ms: int,
        position_read_ms: int,
        is_entry_sending: bool,
        is_live: bool,
        is_busy: bool,
    ) -> Facts:
        """`is_busy`: a step is on its way and will tell by itself what was refused, and why."""
        algos, orders = self._legs(bracket, hides_refused=is_busy)
        entry = self._oms.tracker.get(bracket.entry_id) if bracket.entry_id else None
        position = self._oms.positions.position(bracket.symbol, bracket.position_side)
        # a fill that the position does not contain yet is not taken out of it either
        known_ms = position.updated_at if position is not None else 0
        claimed = (
            other.open_qty
            for other in others
            if other.entry_id and other.moved_at <= known_ms and is_same_position(other, bracket)
        )
        return Facts(
            now_ms=now_ms,
            entry=None if entry is None else entry.view,
            is_entry_sending=is_entry_sending,
            algos=algos,
            orders=orders,
            position=position,
            position_read_ms=position_read_ms,
            claimed_qty=sum(claimed, ZERO),
            own_stop=self.own_exit(bracket, OrderType.STOP_MARKET),
            own_target=self.own_exit(bracket, OrderType.TAKE_PROFIT_MARKET),
            is_killed=bool(self._oms.guard.why_halted(bracket.symbol)),
            can_act=is_live and not is_busy,
        )

    def own_exit(self, bracket: Bracket, kind: OrderType) -> AlgoView | None:
        """The person's order that closes the whole position: the venue has one of a kind."""
        for algo in self._oms.algos.open(bracket.symbol):
            view = algo.view
            if (
                view.close_position
                and view.type is kind
                and view.status is AlgoStatus.NEW
                and view.side is bracket.exit_side
                and view.position_side is bracket.position_side
            ):
                return view
        return None

    def _legs(
        self, bracket: Bracket, *, hides_refused: bool
    ) -> tuple[dict[str, AlgoView], dict[str, OrderView]]:
        algos: dict[str, AlgoView] = {}
        orders: dict[str, OrderView] = {}
        for leg in bracket.legs:
            if leg.kind is LegKind.CLOSE:
                order = self._oms.tracker.get(leg.client_id)
                if order is None or (hides_refused and order.status is OrderStatus.REJECTED):
                    continue
                orders[leg.client_id] = order.view
                continue
            algo = self._oms.algos.tracker.get(leg.client_id)
            if algo is None:
                continue
            view = algo.view
            if hides_refused and view.status is AlgoStatus.REJECTED and view.algo_id is None:
                continue
            algos[leg.client_id] = view
            if view.order_id is not None:
                became = self._oms.tracker.get_by_order_id(view.symbol, view.order_id)
                if became is not None:
                    orders[leg.client_id] = became.view
        return algos, orders


def is_same_position(one: Bracket, other: Bracket) -> bool:
    return (
        one is not other
        and one.symbol == other.symbol
        and one.position_side is other.position_side
        and one.side is other.side
    )
