"""The face of conditional orders: `oms.algos`. What scripts, brackets and the window use.

Calls block on the caller's thread until the venue has answered. The returned
`AlgoOrder` is live: read `.status` at any time, or `wait` for what you need.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from engine.errors import BadInput
from engine.oms.algo_cancelling import AlgoCancelling
from engine.oms.algo_desk import AlgoDesk
from engine.oms.algo_models import AlgoOrder
from engine.oms.algo_moving import AlgoMoving
from engine.oms.algo_placing import AlgoPlacing
from engine.oms.algo_resolver import AlgoResolver
from engine.oms.risk_guard import RiskGuard
from engine.oms.unknown_resolver import ResolverSettings
from engine.oms.waiting import condition_of
from engine.protection_commands import CancelAlgo, CancelOrders, MoveAlgo, PlaceAlgo
from engine.protection_views import AlgoView
from engine.trading_types import (
    AlgoStatus,
    OrderType,
    PositionSide,
    Side,
    TimeInForce,
    WorkingType,
)
from engine.utils.decimals import Number, to_decimal
from engine.utils.words import read_word

Until = AlgoStatus | str | Iterable[AlgoStatus | str] | Callable[[AlgoOrder], bool]


class AlgoFace:
    """Thread-safe; `tick` belongs to one thread. `tracker` is the book of all of them."""

    def __init__(
        self,
        desk: AlgoDesk,
        guard: RiskGuard,
        why_closed: Callable[[], str],
        resolver: ResolverSettings,
    ) -> None:
        self.tracker = desk.tracker
        self._desk = desk
        self._placing = AlgoPlacing(desk, guard, why_closed)
        self._cancelling = AlgoCancelling(desk)
        self._moving = AlgoMoving(desk, self._placing, self._cancelling)
        self._resolver = AlgoResolver(desk, resolver)

    # --- writes ------------------------------------------------------------------------

    def place(self, command: PlaceAlgo) -> AlgoOrder:
        """Check, write down, send, and return the live conditional order.

        Raises OrderNotAllowed, UnknownSymbol, JournalError or ShuttingDown when
        nothing was sent. A refusal of the venue is no exception: it is REJECTED with
        `.reason`, and CommandRefused is published. A lost answer makes it UNKNOWN
        until the exchange has told its fate.
        """
        return self._placing.place(command)

    def place_algo(
        self,
        symbol: str,
        side: Side | str,
        type: OrderType | str,
        quantity: Number | None = None,
        trigger_price: Number | None = None,
        *,
        price: Number | None = None,
        callback_pct: Number | None = None,
        activate_price: Number | None = None,
        close_position: bool = False,
        reduce_only: bool = False,
        position_side: PositionSide | str = PositionSide.BOTH,
        working_type: WorkingType | str = WorkingType.CONTRACT_PRICE,
        price_protect: bool = False,
        time_in_force: TimeInForce | str | None = None,
        request_id: str = "",
    ) -> AlgoOrder:
        """Place one; see `place` and PlaceAlgo. Raises BadInput for what cannot be read."""
        tif = read_word(TimeInForce, time_in_force or TimeInForce.GTC, "time_in_force")
        return self.place(
            PlaceAlgo(
                request_id=request_id,
                symbol=symbol,
                side=read_word(Side, side, "side"),
                type=read_word(OrderType, type, "type"),
                quantity=_amount(quantity, "quantity"),
                trigger_price=_amount(trigger_price, "trigger_price"),
                price=_amount(price, "price"),
                callback_pct=_amount(callback_pct, "callback_pct"),
                activate_price=_amount(activate_price, "activate_price"),
                close_position=close_position,
                reduce_only=reduce_only,
                position_side=read_word(PositionSide, position_side, "position_side"),
                working_type=read_word(WorkingType, working_type, "working_type"),
                price_protect=price_protect,
                time_in_force=tif,
            )
        )

    def cancel(self, algo: AlgoOrder | str, *, request_id: str = "") -> AlgoOrder:
        """Ended already: no error, look at its status.

        Raises OrderNotAllowed when it has become an order (cancel that one), and the
        venue's refusal after it has been published as CommandRefused.
        """
        found = self.get(algo)
        command = CancelAlgo(
            request_id=request_id, symbol=found.symbol, client_algo_id=found.client_algo_id
        )
        return self._cancelling.cancel(found, command)

    def cancel_all(self, symbol: str, *, request_id: str = "") -> list[AlgoOrder]:
        """Every waiting one of `symbol`, also those placed elsewhere. Raises like `cancel`."""
        return self._cancelling.cancel_all(
            symbol, CancelOrders(request_id=request_id, symbol=symbol)
        )

    def cancel_all_now(self, symbol: str) -> None:
        """The kill switch's way: beside the symbol's turn, in a single try."""
        self._cancelling.cancel_all_now(symbol)

    def move(
        self,
        algo: AlgoOrder | str,
        trigger_price: Number | None = None,
        price: Number | None = None,
        quantity: Number | None = None,
        *,
        request_id: str = "",
    ) -> AlgoOrder:
        """Another trigger, price or quantity; None keeps what it has.

        Returns the order that takes its place: NEW, UNKNOWN, or REJECTED with the
        reason, and then the old one stands or has been placed again. The same when
        nothing would change. Raises OrderNotAllowed before sending.
        """
        found = self.get(algo)
        command = MoveAlgo(
            request_id=request_id,
            symbol=found.symbol,
            client_algo_id=found.client_algo_id,
            trigger_price=_amount(trigger_price, "trigger_price"),
            price=_amount(price, "price"),
            quantity=_amount(quantity, "quantity"),
        )
        return self._moving.move(found, command)

    def ask_again(self, algo: AlgoOrder | str) -> AlgoOrder:
        """Query one whose fate is unknown now. Raises what the gateway raises."""
        found = self.get(algo)
        self._desk.ask(found)
        return found

    # --- reading -----------------------------------------------------------------------

    def get(self, algo: AlgoOrder | str) -> AlgoOrder:
        """By client algo id. Raises BadInput when it is not known."""
        if isinstance(algo, AlgoOrder):
            return algo
        found = self.tracker.get(algo)
        if found is None:
            raise BadInput("client_algo_id", f"There is no conditional order {algo!r}.")
        return found

    def open(self, symbol: str | None = None) -> list[AlgoOrder]:
        """Everything not ended, oldest first."""
        return self.tracker.open_algos(symbol)

    def all(self) -> list[AlgoOrder]:
        """Open ones, then the recently closed."""
        return self.tracker.algos()

    def wait(
        self, algo: AlgoOrder | str, until: Until | None = None, timeout_s: float = 10.0
    ) -> bool:
        """Block until it has one of the statuses, or fulfils the condition, or (None) has
        ended. False when `timeout_s` passed first.
        """
        return self.tracker.wait(condition_of(self.get(algo), until), timeout_s)

    # --- life --------------------------------------------------------------------------

    def restore(self, views: Iterable[AlgoView]) -> None:
        """What the journal knew to be open. Nobody knows what happened to them since."""
        known = list(views)
        self.tracker.restore(known)
        self._moving.restore(known)

    def tick(self, now_s: float) -> None:
        """Ask about unknown ones, and finish moves that were cut short; `now_s` monotonic.

        Blocks on the network then.
        """
        self._resolver.tick(now_s)
        self._moving.tick(now_s)

    def close(self) -> None:
        """Ask no more. Blocks for nothing."""
        self._resolver.close()


def _amount(value: Number | None, field: str) -> Decimal | None:
    return None if value is None else to_decimal(value, field)
