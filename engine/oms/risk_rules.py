"""The rules that protect an account from its owner, his scripts and a slip of the hand. Pure.

Each rule looks at a wish (what is to be sent) and at the facts (what stands now)
and says no with a sentence, or nothing. 0 switches a rule off. What only reduces
never gets here: see `only_reduces`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

import msgspec

from engine.trading_types import PositionSide, Side
from engine.utils.decimals import floor_to_step, plain
from engine.views import ZERO

_HUNDRED = Decimal(100)
_SECOND_MS = 1000
_TO_REDUCE = "What only reduces passes: mark it reduce-only."


class RiskLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes in the base asset by symbol, in USDT, and in % of the account's equity."""

    max_order_qty: Mapping[str, Decimal] = {}
    max_order_usdt: Decimal = ZERO
    max_order_equity_pct: Decimal = ZERO
    max_position_qty: Mapping[str, Decimal] = {}
    max_position_usdt: Decimal = ZERO
    max_position_equity_pct: Decimal = ZERO
    price_band_pct: Decimal = ZERO  # how much worse than the mark price
    orders_per_second: int = 0
    duplicate_within_ms: int = 0
    max_open_orders: int = 0  # of the whole account
    max_leverage: int = 0
    max_daily_loss_usdt: Decimal = ZERO
    max_daily_loss_equity_pct: Decimal = ZERO  # of the equity that the day began with
    daily_loss_with_open: bool = False  # open positions' profit and loss counts, too
    day_begins_at_h: int = 0  # UTC
    cool_down_min: int = 0  # a lock-out lasts at least so long, also over the day's end

    @property
    def limits_the_day(self) -> bool:
        return bool(self.max_daily_loss_usdt or self.max_daily_loss_equity_pct)

    @property
    def need_a_price(self) -> bool:
        return bool(
            self.max_order_usdt
            or self.max_order_equity_pct
            or self.max_position_usdt
            or self.max_position_equity_pct
            or self.price_band_pct
        )

    @property
    def need_equity(self) -> bool:
        return bool(self.max_order_equity_pct or self.max_position_equity_pct)

    def bound_position(self, symbol: str) -> bool:
        return bool(
            self.max_position_qty.get(symbol)
            or self.max_position_usdt
            or self.max_position_equity_pct
        )


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """An order, a conditional order, or what an amend would make of one.

    `price` is None at market. The price band is not for conditional orders: the exchange
    judges their price when they trigger.
    """

    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal | None = None
    position_side: PositionSide = PositionSide.BOTH
    is_new: bool = True  # False: an amend
    is_conditional: bool = False
    is_named: bool = False  # with a client id of its own: whoever numbers them means each

    @property
    def rests(self) -> bool:
        return self.price is not None or self.is_conditional

    def adds_to(self, other: Wish) -> bool:
        """Filled, both would be of the same position."""
        return (self.symbol, self.side, self.position_side) == (
            other.symbol,
            other.side,
            other.position_side,
        )

    def is_same_as(self, other: Wish) -> bool:
        return (
            self.symbol == other.symbol
            and self.side is other.side
            and self.quantity == other.quantity
            and self.price == other.price
            and self.position_side is other.position_side
            and self.is_conditional == other.is_conditional
        )


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What stands at this moment. None: not known."""

    now_ms: int
    mark_price: Decimal | None = None
    equity: Decimal | None = None  # wallet and open profit and loss, USDT
    position: Decimal = ZERO  # signed, of the wish's symbol and position side
    resting: Decimal = ZERO  # not yet filled of open orders on the wish's side, unsigned
    open_orders: int = 0
    leverage: int = 0
    step: Decimal = ZERO  # of the quantity
    base_asset: str = ""
    sent: tuple[tuple[int, Wish], ...] = ()  # (at_ms, wish) of the last moments


class Objection(msgspec.Struct, frozen=True):
    """`fix` is a value of `field` that would pass."""

    field: str
    sentence: str
    fix: str | None = None


Rule = Callable[[Wish, Facts, RiskLimits], Objection | None]


def only_reduces(
    side: Side,
    position_side: PositionSide,
    *,
    reduce_only: bool = False,
    close_position: bool = False,
) -> bool:
    """Flagged so; with long and short held side by side: against its own side."""
    if position_side is PositionSide.BOTH:
        return reduce_only or close_position
    return side is (Side.SELL if position_side is PositionSide.LONG else Side.BUY)


def objection(wish: Wish, facts: Facts, limits: RiskLimits) -> Objection | None:
    """The first rule's no, the most telling first; None: no rule minds."""
    for rule in RULES:
        found = rule(wish, facts, limits)
        if found is not None:
            return found
    return None


# --- one rule each -------------------------------------------------------------------


def order_rate(_wish: Wish, facts: Facts, limits: RiskLimits) -> Objection | None:
    recent = sent_lately(facts.sent, facts.now_ms)
    allowed = limits.orders_per_second
    if not allowed or recent < allowed:
        return None
    return Objection(
        "",
        f"{recent} orders went out within the last second; your limit is {allowed}."
        " Wait a moment, or raise risk.orders_per_second.",
    )


def sent_lately(sent: Iterable[tuple[int, Wish]], now_ms: int) -> int:
    """How many went out within the last second."""
    return sum(1 for at_ms, _ in sent if now_ms - at_ms < _SECOND_MS)


def duplicate(wish: Wish, facts: Facts, limits: RiskLimits) -> Objection | None:
    within_ms = limits.duplicate_within_ms
    if not within_ms or not wish.is_new or wish.is_named:
        return None
    for at_ms, earlier in facts.sent:
        age_ms = facts.now_ms - at_ms
        if age_ms < within_ms and earlier.is_new and wish.is_same_as(earlier):
            return Objection(
                "",
                f"The same order was sent {age_ms} ms ago, so this looks like a slip. If you want"
                f" it twice, wait {within_ms} ms, or give it a client order id of its own.",
            )
    return None


def open_orders(wish: Wish, facts: Facts, limits: RiskLimits) -> Objection | None:
    allowed = limits.max_open_orders
    if not allowed or not wish.is_new or not wish.rests or facts.open_orders < allowed:
        return None
    return Objection(
        "",
        f"{facts.open_orders} orders are open; your limit is {allowed}."
        " Cancel some, or raise risk.max_open_orders.",
    )


def leverage(wish: Wish, facts: Facts, limits: RiskLimits) -> Objection | None:
    if not limits.max_leverage or facts.leverage <= limits.max_leverage:
        return None
    return Objection(
        "leverage",
        f"{wish.symbol} has a leverage of {facts.leverage}x; your limit is"
        f" {limits.max_leverage}x. Lower it to {limits.max_leverage}x first.",
        str(limits.max_leverage),
    )


def price_band(wish: Wish, facts: Facts, limits: RiskLimits) -> Objection | None:
    """Only towards the worse: to buy far below the market is patience, far above a slip."""
    mark, band = facts.mark_price, limits.price_band_pct
    if not band or wish.price is None or wish.is_conditional or not mark:
        return None
    is_buy = wish.side is Side.BUY
    away_pct = (wish.price - mark) / mark * _HUNDRED * (1 if is_buy else -1)
    if away_pct <= band:
        return None
    word = "above" if is_buy else "below"
    return Objection(
        "price",
        f"{plain(wish.price)} is {away_pct:.1f} % {word} the mark price {plain(mark)}; your limit"
        f" is {plain(band)} %. Choose a price nearer to it.",
        plain(mark),
    )


def order_size(wish: Wish, facts: Facts, limits: RiskLimits) -> Objection | None:
    return _too_large(
        wish,
        facts,
        wish.quantity,
        ZERO,
        _Bounds(
            "The order",
            "order",
            limits.max_order_qty.get(wish.symbol, ZERO),
            limits.max_order_usdt,
            limits.max_order_equity_pct,
        ),
    )


def position_size(wish: Wish, facts: Facts, limits: RiskLimits) -> Objection | None:
    """As if every open order on this side were filled, too: each of them may be."""
    sign = 1 if wish.side is Side.BUY else -1
    others = facts.position * sign + facts.resting
    after = others + wish.quantity
    if after <= abs(facts.position):
        return None  # it ends no larger than it is
    return _too_large(
        wish,
        facts,
        after,
        others,
        _Bounds(
            "The position with its open orders",
            "position",
            limits.max_position_qty.get(wish.symbol, ZERO),
            limits.max_position_usdt,
            limits.max_position_equity_pct,
        ),
    )


RULES: tuple[Rule, ...] = (
    order_rate,
    duplicate,
    open_orders,
    leverage,
    price_band,
    order_size,
    position_size,
)


def leverage_objection(wanted: int, current: int, limits: RiskLimits) -> Objection | None:
    """For a change of leverage; to lower it is always allowed."""
    if not limits.max_leverage or wanted <= limits.max_leverage or wanted <= current:
        return None
    return Objection(
        "leverage",
        f"A leverage of {wanted}x is above your limit of {limits.max_leverage}x"
        " (risk.max_leverage).",
        str(limits.max_leverage),
    )


# --- shared --------------------------------------------------------------------------


class _Bounds(msgspec.Struct, frozen=True):
    what: str
    key: str
    quantity: Decimal
    usdt: Decimal
    equity_pct: Decimal


def _too_large(
    wish: Wish, facts: Facts, size: Decimal, others: Decimal, bounds: _Bounds
) -> Objection | None:
    """`others` is the part of `size` that is not the wish's own."""
    if bounds.quantity and size > bounds.quantity:
        asset = facts.base_asset or wish.symbol
        sentence = (
            f"{bounds.what} would be {plain(size)} {asset}; your limit is"
            f" {plain(bounds.quantity)} {asset} (risk.max_{bounds.key}_qty)."
        )
        return _no(wish, facts, sentence, bounds.quantity - others)
    if not bounds.usdt and not bounds.equity_pct:
        return None
    price = wish.price or facts.mark_price
    if not price:
        return Objection(
            "", f"The price of {wish.symbol} is not known yet, so the size cannot be checked."
        )
    found = _worth_too_much(size * price, facts, bounds)
    if found is None or isinstance(found, Objection):
        return found
    sentence, allowed = found
    return _no(wish, facts, sentence, allowed / price - others)


def _worth_too_much(
    worth: Decimal, facts: Facts, bounds: _Bounds
) -> tuple[str, Decimal] | Objection | None:
    """The sentence, and what it may be worth in USDT."""
    if bounds.usdt and worth > bounds.usdt:
        sentence = (
            f"{bounds.what} would be worth {worth:,.2f} USDT; your limit is"
            f" {bounds.usdt:,.2f} USDT (risk.max_{bounds.key}_usdt)."
        )
        return sentence, bounds.usdt
    if not bounds.equity_pct:
        return None
    if facts.equity is None:
        return Objection("", "The account's equity is not known yet; the size cannot be checked.")
    allowed = max(ZERO, facts.equity) * bounds.equity_pct / _HUNDRED
    if worth <= allowed:
        return None
    share = f"{worth / facts.equity * _HUNDRED:,.0f} %" if facts.equity > 0 else "more than all"
    sentence = (
        f"{bounds.what} would be worth {worth:,.2f} USDT, {share} of your equity; your limit is"
        f" {plain(bounds.equity_pct)} % (risk.max_{bounds.key}_equity_pct)."
    )
    return sentence, allowed


def _no(wish: Wish, facts: Facts, sentence: str, room: Decimal) -> Objection:
    fits = floor_to_step(room, facts.step) if room > 0 else ZERO
    if fits > 0:
        advice = f"{plain(fits)} would pass."
    else:
        advice = "Nothing more fits." if wish.is_new else "Keep the old quantity."
    return Objection(
        "quantity", f"{sentence} {advice} {_TO_REDUCE}", plain(fits) if fits > 0 else None
    )
