"""One account of the paper exchange: wallet, positions, settings and its orders.

Books are Decimal with eight decimals, and every change of the wallet has a
cause: wallet = deposits + realized - commission + funding, always.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from decimal import Decimal

import msgspec

from engine.errors import BugError
from engine.paper.paper_grid import ZERO, to_money
from engine.paper.paper_orders import Amendment, IncomeRow, MarginChange, PaperFill, PaperOrder

ACCOUNT_IDS = ("first", "second")  # the accounts of every paper exchange
DEFAULT_LEVERAGE = 20
_KEPT_CLOSED_ORDERS = 20_000
_KEPT_FILLS = 10_000  # of each symbol
_KEPT_INCOME = 20_000
_KEPT_ROWS = 5_000


class Position(msgspec.Struct, kw_only=True):
    """`amount` is signed, long above zero. `cost` carries the fees for the break-even."""

    symbol: str
    side: str = "BOTH"
    amount: Decimal = ZERO
    entry: Decimal = ZERO
    realized: Decimal = ZERO
    cost: Decimal = ZERO
    isolated_wallet: Decimal = ZERO
    updated_ms: int = 0

    @property
    def break_even(self) -> Decimal:
        return self.cost / self.amount if self.amount else ZERO

    def unrealized(self, mark: Decimal) -> Decimal:
        return self.amount * (mark - self.entry)

    def apply(self, signed_qty: Decimal, price: Decimal, commission: Decimal) -> Decimal:
        """Take one fill in; the profit realized by it, before the fee."""
        before = self.amount
        after = before + signed_qty
        realized = ZERO
        if before and (before > 0) != (signed_qty > 0):
            closed = min(abs(before), abs(signed_qty))
            gain = (price - self.entry) * closed
            realized = to_money(gain if before > 0 else -gain)
            if after == 0:
                self.entry = self.cost = ZERO
            elif (after > 0) != (before > 0):
                self.entry, self.cost = price, after * price
            else:
                self.cost -= closed * (price if before > 0 else -price)
        else:
            self.entry = (self.entry * abs(before) + price * abs(signed_qty)) / abs(after)
            self.cost += signed_qty * price
        self.amount = after
        if after:
            self.cost += commission
        self.realized += realized
        return realized


class SymbolSettings(msgspec.Struct, kw_only=True):
    leverage: int = DEFAULT_LEVERAGE
    margin_type: str = "CROSSED"


class AccountBooks(msgspec.Struct, tag_field="k", tag="account", kw_only=True):
    """What is kept of an account besides its orders and histories."""

    account_id: str
    alias: str
    wallet: Decimal
    deposits: Decimal
    realized: Decimal = ZERO
    commission: Decimal = ZERO
    funding: Decimal = ZERO
    positions: dict[str, Position] = {}
    settings: dict[str, SymbolSettings] = {}
    dual_side: bool = False
    multi_assets: bool = False
    fee_burn: bool = False
    listen_key: str = ""
    listen_key_until_ms: int = 0
    updated_ms: int = 0

    def check(self) -> None:
        """Raise BugError unless every cent of the wallet has a cause."""
        expected = self.deposits + self.realized - self.commission + self.funding
        if self.wallet != expected:
            raise BugError(
                f"The wallet of {self.account_id} holds {self.wallet}, its causes {expected}."
            )


class PaperAccount:
    """The account while the exchange runs. Not thread-safe."""

    def __init__(self, books: AccountBooks) -> None:
        self.books = books
        self.orders: dict[tuple[str, int], PaperOrder] = {}
        self.open_orders: dict[str, dict[int, PaperOrder]] = defaultdict(dict)
        self.reduce_only: dict[str, dict[int, PaperOrder]] = defaultdict(dict)
        self.waiting_algos: Counter[str] = Counter()  # by symbol
        self.open_by_client_id: dict[str, PaperOrder] = {}
        self.last_by_client_id: dict[tuple[str, str], PaperOrder] = {}
        self.fills: dict[str, deque[PaperFill]] = defaultdict(lambda: deque(maxlen=_KEPT_FILLS))
        self.income: deque[IncomeRow] = deque(maxlen=_KEPT_INCOME)
        self.amendments: deque[Amendment] = deque(maxlen=_KEPT_ROWS)
        self.margin_changes: deque[MarginChange] = deque(maxlen=_KEPT_ROWS)
        self.forced: deque[PaperOrder] = deque(maxlen=_KEPT_ROWS)
        self._closed: deque[PaperOrder] = deque()
        self._reserved: dict[tuple[str, int], int] = {}
        self._exposure: dict[tuple[str, str, str], int] = defaultdict(int)

    @property
    def account_id(self) -> str:
        return self.books.account_id

    def settings(self, symbol: str) -> SymbolSettings:
        found = self.books.settings.get(symbol)
        if found is None:
            found = self.books.settings[symbol] = SymbolSettings()
        return found

    def is_isolated(self, symbol: str) -> bool:
        found = self.books.settings.get(symbol)
        return found is not None and found.margin_type == "ISOLATED"

    def leverage(self, symbol: str) -> int:
        found = self.books.settings.get(symbol)
        return DEFAULT_LEVERAGE if found is None else found.leverage

    def position(self, symbol: str, side: str) -> Position:
        key = f"{symbol}/{side}"
        found = self.books.positions.get(key)
        if found is None:
            found = self.books.positions[key] = Position(symbol=symbol, side=side)
        return found

    def amount(self, symbol: str, side: str) -> Decimal:
        found = self.books.positions.get(f"{symbol}/{side}")
        return ZERO if found is None else found.amount

    def live_positions(self) -> list[Position]:
        return [position for position in self.books.positions.values() if position.amount]

    def position_sides(self) -> tuple[str, ...]:
        return ("LONG", "SHORT") if self.books.dual_side else ("BOTH",)

    def cross_wallet(self) -> Decimal:
        return self.books.wallet - sum(
            (position.isolated_wallet for position in self.books.positions.values()), ZERO
        )

    def exposure(self, symbol: str, position_side: str, side: str) -> int:
        """Ticks x steps of open orders that may open; reduce-only ones left out."""
        return self._exposure.get((symbol, position_side, side), 0)

    def add_order(self, order: PaperOrder) -> None:
        self.orders[order.symbol, order.order_id] = order
        self.last_by_client_id[order.symbol, order.client_order_id] = order
        if order.is_open:
            self.open_orders[order.symbol][order.order_id] = order
            self.open_by_client_id[order.client_order_id] = order
            if order.only_reduces:
                self.reduce_only[order.symbol][order.order_id] = order
            self.reserve(order)
        else:
            self._remember_closed(order)

    def close_order(self, order: PaperOrder) -> None:
        """Move an order that has ended out of the open ones."""
        self.open_orders[order.symbol].pop(order.order_id, None)
        self.reduce_only[order.symbol].pop(order.order_id, None)
        if self.open_by_client_id.get(order.client_order_id) is order:
            del self.open_by_client_id[order.client_order_id]
        self.reserve(order)
        self._remember_closed(order)

    def reserve(self, order: PaperOrder) -> None:
        """Bring the exposure in line with what the order has left."""
        if order.only_reduces:
            return
        key = (order.symbol, order.order_id)
        units = order.price_ticks * order.remaining_steps if order.is_open else 0
        change = units - self._reserved.pop(key, 0)
        if units:
            self._reserved[key] = units
        if change:
            self._exposure[order.symbol, order.position_side, order.side] += change

    def move_wallet(self, cause: str, amount: Decimal) -> None:
        """The only door of the wallet; `cause` names the book that explains it."""
        books = self.books
        books.wallet += amount
        if cause == "commission":
            books.commission -= amount
        else:
            setattr(books, cause, getattr(books, cause) + amount)

    def carry_isolated(self, position: Position, before: Decimal, price: Decimal) -> None:
        """Move isolated margin with the position: in when it grows, out when it shrinks."""
        after = position.amount
        if before and (after == 0 or (after > 0) != (before > 0)):
            position.isolated_wallet = ZERO
            before = ZERO
        grown = abs(after) - abs(before)
        if grown > 0:
            position.isolated_wallet += to_money(grown * price / self.leverage(position.symbol))
        elif before:
            position.isolated_wallet = to_money(position.isolated_wallet * abs(after / before))

    def _remember_closed(self, order: PaperOrder) -> None:
        self._closed.append(order)
        if len(self._closed) > _KEPT_CLOSED_ORDERS:
            oldest = self._closed.popleft()
            self.orders.pop((oldest.symbol, oldest.order_id), None)
            client_key = (oldest.symbol, oldest.client_order_id)
            if self.last_by_client_id.get(client_key) is oldest:
                del self.last_by_client_id[client_key]
