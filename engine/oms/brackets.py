"""Brackets: an entry with its stop and target as one intent. What scripts and the window use.

The exits wait at the exchange: they work while this computer is off. What does not
work then is following: a fill of the entry that comes later has no stop until
Perpdesk is back, and of two exits the one that is left is not cancelled.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path

from msgspec.structs import replace

from engine.clock import Clock
from engine.errors import BadInput, OrderNotAllowed
from engine.event_hub import EventHub
from engine.exchange.gateway import ExchangeGateway
from engine.market.instruments import Instrument, named_in
from engine.oms.bracket_absorb import absent
from engine.oms.bracket_books import BracketBooks
from engine.oms.bracket_checks import check_bracket, check_exits
from engine.oms.bracket_hands import BracketHands, BracketJournal
from engine.oms.bracket_intents import (
    bracket_around,
    bracket_from,
    entry_from,
    is_of_position,
    with_exits,
)
from engine.oms.bracket_owners import BracketOwners
from engine.oms.bracket_record import (
    Bracket,
    Leg,
    LegKind,
    bracket_of,
    view_of,
)
from engine.oms.bracket_supervisor import BracketSupervisor
from engine.oms.order_manager import OrderManager
from engine.protection_commands import (
    CancelAlgo,
    CancelBracket,
    MoveAlgo,
    PlaceBracket,
    ProtectPosition,
)
from engine.protection_views import BracketView
from engine.trading_types import (
    BracketState,
    OrderType,
    PositionSide,
    Side,
    TimeInForce,
    WorkingType,
)
from engine.utils.decimals import Number, to_decimal
from engine.utils.threads import CrashHandler
from engine.utils.words import read_word
from engine.views import ZERO

logger = logging.getLogger(__name__)

_REQUESTS_KEPT = 10_000


class Brackets:
    """Thread-safe. `place` blocks until the entry has been answered, all else returns at once.

    `price_now` is what exits are compared with, None where it is not known. `locks` is
    the folder that says which process follows which bracket of this journal.
    """

    def __init__(
        self,
        oms: OrderManager,
        gateway: ExchangeGateway,
        journal: BracketJournal,
        hub: EventHub,
        clock: Clock,
        instruments: Callable[[], Mapping[str, Instrument]],
        *,
        price_now: Callable[[str], Decimal | None] = lambda _: None,
        locks: Path | None = None,
        on_crash: CrashHandler | None = None,
    ) -> None:
        self._oms = oms
        self._clock = clock
        self._instruments = instruments
        self._price_now = price_now
        self._books = BracketBooks(oms)
        self._owners = BracketOwners(locks)
        self._hands = BracketHands(oms, gateway, journal, self._owners, clock)
        self._supervisor = BracketSupervisor(self._books, self._hands, hub, clock, on_crash)
        self._lock = threading.Lock()
        self._by_request: dict[str, str] = {}

    # --- asking for one ------------------------------------------------------------------

    def place_bracket(
        self,
        symbol: str,
        side: Side | str,
        quantity: Number,
        price: Number | None = None,
        *,
        stop_price: Number | None = None,
        target_price: Number | None = None,
        time_in_force: TimeInForce | str | None = None,
        position_side: PositionSide | str = PositionSide.BOTH,
        working_type: WorkingType | str = WorkingType.CONTRACT_PRICE,
        request_id: str = "",
    ) -> BracketView:
        """See `place`. At market when `price` is None. Raises BadInput for what cannot be read."""
        tif = read_word(TimeInForce, time_in_force or TimeInForce.GTC, "time_in_force")
        return self.place(
            PlaceBracket(
                request_id=request_id,
                symbol=symbol,
                side=read_word(Side, side, "side"),
                quantity=to_decimal(quantity, "quantity"),
                price=_amount(price, "price"),
                stop_price=_amount(stop_price, "stop_price"),
                target_price=_amount(target_price, "target_price"),
                time_in_force=tif,
                position_side=read_word(PositionSide, position_side, "position_side"),
                working_type=read_word(WorkingType, working_type, "working_type"),
            )
        )

    def place(self, command: PlaceBracket) -> BracketView:
        """Check, write down, place the entry; its exits follow its fills.

        The same request id never places twice. Raises OrderNotAllowed, UnknownSymbol,
        JournalError or ShuttingDown when nothing was sent. An entry that the venue
        refuses ends the bracket: FAILED with the reason.
        """
        instrument = self._instrument(command.symbol)
        check_bracket(command, instrument, self._price_now(command.symbol))
        bracket = bracket_from(command, self._clock)
        earlier = self._remember(command.request_id, bracket)
        if earlier is not None:
            return self.get(earlier)
        self._supervisor.add(bracket, is_sending=True)
        is_placed = False
        try:
            self._write_down(bracket)
            self._oms.place(entry_from(command, bracket))
            is_placed = True
        finally:
            if not is_placed:
                self._supervisor.change(bracket.bracket_id, lambda b: absent(b, b.entry_id))
            self._supervisor.sent(bracket)
        return self.get(bracket.bracket_id)

    def protect_position(
        self,
        symbol: str,
        *,
        stop_price: Number | None = None,
        target_price: Number | None = None,
        position_side: PositionSide | str = PositionSide.BOTH,
    ) -> list[BracketView]:
        """See `protect`. Raises BadInput for what cannot be read."""
        return self.protect(
            ProtectPosition(
                symbol=symbol,
                stop_price=_amount(stop_price, "stop_price"),
                target_price=_amount(target_price, "target_price"),
                position_side=read_word(PositionSide, position_side, "position_side"),
            )
        )

    def protect(self, command: ProtectPosition) -> list[BracketView]:
        """Stop and target for what is open now, whoever opened it.

        Brackets of the position get the new prices; what none of them covers gets one
        of its own, which follows the position's size. A stop or target of the person's
        own that closes the whole position goes once the new one stands. Raises
        OrderNotAllowed, UnknownSymbol or JournalError.
        """
        position = self._oms.positions.position(command.symbol, command.position_side)
        instrument = self._instrument(command.symbol)
        if position is None or not position.quantity:
            raise OrderNotAllowed("symbol", f"There is no open position in {command.symbol}.")
        side = Side.BUY if position.quantity > 0 else Side.SELL
        stop, target = command.stop_price, command.target_price
        check_exits(side, stop, target, instrument, self._price_now(command.symbol))
        around = bracket_around(command, side, self._clock)
        with self._lock:  # two at a time would make two
            found = [b for b in self._supervisor.active() if is_of_position(b, around)]
            for bracket in found:
                self._supervisor.change(bracket.bracket_id, lambda b: with_exits(b, stop, target))
            ids = [bracket.bracket_id for bracket in found]
            covered = sum((bracket.open_qty for bracket in found), ZERO)
            is_followed = any(not bracket.entry_id for bracket in found)
            if not is_followed and abs(position.quantity) > covered:
                around = replace(around, replaces=self._own_exits(around))
                self._write_down(around)
                self._supervisor.add(around)
                ids.append(around.bracket_id)
        return [self.get(bracket_id) for bracket_id in ids]

    def cancel(self, command: CancelBracket | str) -> BracketView:
        """Cancel the entry's rest; exits stay while something is filled. Raises BadInput."""
        bracket_id = command if isinstance(command, str) else command.bracket_id
        if self._supervisor.find(bracket_id) is None:
            raise BadInput("bracket_id", f"There is no open bracket {bracket_id!r}.")
        self._supervisor.change(bracket_id, lambda b: replace(b, is_entry_unwanted=True))
        return self.get(bracket_id)

    # --- exits of brackets among the conditional orders ---------------------------------------

    def owns(self, client_algo_id: str) -> bool:
        """Whether this conditional order is an exit of an open bracket."""
        return self._owner(client_algo_id) is not None

    def move_exit(self, command: MoveAlgo) -> None:
        """To another trigger: the new one stands before the old one goes.

        Raises OrderNotAllowed, or BadInput when no bracket owns it.
        """
        bracket, leg = self._owner_or_raise(command.client_algo_id)
        if command.quantity is not None or command.price is not None:
            raise OrderNotAllowed(
                "quantity", "A bracket's exit has the size of what is filled; move its trigger."
            )
        price = command.trigger_price
        stop = price if leg.kind is LegKind.STOP else None
        target = None if leg.kind is LegKind.STOP else price
        instrument = self._instrument(bracket.symbol)
        check_exits(bracket.side, stop, target, instrument, self._price_now(bracket.symbol))
        self._supervisor.change(bracket.bracket_id, lambda b: with_exits(b, stop, target))

    def cancel_exit(self, command: CancelAlgo) -> None:
        """The bracket goes on without this exit, as the person wants it. Raises BadInput."""
        bracket, leg = self._owner_or_raise(command.client_algo_id)
        name = "stop_price" if leg.kind is LegKind.STOP else "target_price"
        self._supervisor.change(bracket.bracket_id, lambda b: replace(b, **{name: None}))

    # --- reading -------------------------------------------------------------------------

    def get(self, bracket_id: str) -> BracketView:
        """Raises BadInput for one that is not known."""
        view = self._supervisor.view(bracket_id)
        if view is None:
            raise BadInput("bracket_id", f"There is no bracket {bracket_id!r}.")
        return view

    def open(self, symbol: str | None = None) -> list[BracketView]:
        """Not ended, oldest first."""
        ended = (BracketState.CLOSED, BracketState.FAILED)
        return [
            view
            for view in self._supervisor.views()
            if view.state not in ended and symbol in (None, view.symbol)
        ]

    def all(self) -> list[BracketView]:
        """Also the recently ended ones, oldest first."""
        return self._supervisor.views()

    def wait(
        self, bracket_id: str, until: Callable[[BracketView], bool], timeout_s: float = 10.0
    ) -> bool:
        """Block until the bracket fulfils `until`. False when `timeout_s` passed first."""
        self.get(bracket_id)
        return self._supervisor.wait(bracket_id, until, timeout_s)

    def read(self, bodies: Iterable[bytes]) -> list[BracketView]:
        """What the journal keeps, as views; the exchange has not been asked about them."""
        return [view_of(bracket, ZERO) for bracket in _decoded(bodies)]

    @property
    def longest_unprotected_ms(self) -> int:
        """The longest time, since the start, that something filled had no confirmed stop."""
        return self._supervisor.longest_unprotected_ms

    # --- life ----------------------------------------------------------------------------

    def restore(self, bodies: Iterable[bytes]) -> int:
        """Follow what the journal knew to be open, from the first LIVE on.

        Returns how many: what another process follows already is left to it. Raises
        JournalError.
        """
        count = 0
        for bracket in _decoded(bodies):
            is_ours = self._supervisor.find(bracket.bracket_id) is None
            if is_ours and self._owners.acquire(bracket.bracket_id):
                self._supervisor.add(bracket)
                logger.info("restored bracket=%s %s", bracket.bracket_id, bracket.state)
                count += 1
        return count

    def start(self) -> None:
        self._supervisor.start()

    def stop(self, timeout_s: float = 2.0) -> bool:
        """Follow nothing more; exits stay at the exchange. False: not ended in time."""
        has_ended = self._supervisor.stop(timeout_s)
        self._owners.close()
        return has_ended

    # --- within --------------------------------------------------------------------------

    def _remember(self, request_id: str, bracket: Bracket) -> str | None:
        """The bracket that this request has made already, if it has."""
        if not request_id:
            return None
        with self._lock:
            earlier = self._by_request.get(request_id)
            if earlier is None:
                self._by_request[request_id] = bracket.bracket_id
                if len(self._by_request) > _REQUESTS_KEPT:
                    del self._by_request[next(iter(self._by_request))]
            return earlier

    def _write_down(self, bracket: Bracket) -> None:
        """The intent, before the first byte. Raises JournalError."""
        self._owners.acquire(bracket.bracket_id)
        self._hands.write_down(bracket)

    def _owner(self, client_algo_id: str) -> tuple[Bracket, Leg] | None:
        for bracket in self._supervisor.active():
            leg = bracket.leg(client_algo_id)
            if leg is not None:
                return bracket, leg
        return None

    def _owner_or_raise(self, client_algo_id: str) -> tuple[Bracket, Leg]:
        owner = self._owner(client_algo_id)
        if owner is None:
            raise BadInput("client_algo_id", f"No bracket has an exit {client_algo_id!r}.")
        return owner

    def _own_exits(self, around: Bracket) -> tuple[str, ...]:
        """The person's own exits that the new ones take the place of."""
        kinds = []
        if around.stop_price is not None:
            kinds.append(OrderType.STOP_MARKET)
        if around.target_price is not None:
            kinds.append(OrderType.TAKE_PROFIT_MARKET)
        own = [self._books.own_exit(around, kind) for kind in kinds]
        return tuple(view.client_algo_id for view in own if view is not None)

    def _instrument(self, symbol: str) -> Instrument:
        return named_in(self._instruments(), symbol)


def _decoded(bodies: Iterable[bytes]) -> Iterator[Bracket]:
    return (bracket_of(body) for body in bodies)


def _amount(value: Number | None, field: str) -> Decimal | None:
    return None if value is None else to_decimal(value, field)
