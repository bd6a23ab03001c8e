"""What the private stream says of the account, and all that it may carry.

As in user_order_messages: only the fields that are used, in the venue's letters.
"""

from __future__ import annotations

from decimal import Decimal
from typing import get_args

import msgspec

from engine.trading_types import PositionSide
from engine.wire.user_order_messages import (
    ZERO,
    AlgoUpdateMessage,
    ExecutionReport,
    GridUpdate,
    OrderTradeUpdate,
    StrategyUpdate,
    TradeLite,
    TriggerReject,
)
from engine.wire.whole import Whole


class BalanceBlock(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    gc=False,
    rename={"asset": "a", "wallet": "wb", "cross_wallet": "cw", "change": "bc"},
):
    asset: str
    wallet: Decimal
    cross_wallet: Decimal = ZERO
    change: Decimal = ZERO


class PositionBlock(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    gc=False,
    rename={
        "symbol": "s",
        "quantity": "pa",
        "entry_price": "ep",
        "break_even_price": "bep",
        "realized_pnl": "cr",
        "unrealized_pnl": "up",
        "margin_type": "mt",
        "isolated_wallet": "iw",
        "position_side": "ps",
    },
):
    symbol: str
    quantity: Decimal
    entry_price: Decimal
    break_even_price: Decimal = ZERO
    realized_pnl: Decimal = ZERO
    unrealized_pnl: Decimal = ZERO
    margin_type: str = "cross"
    isolated_wallet: Decimal = ZERO
    position_side: PositionSide = PositionSide.BOTH


class AccountBlock(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename={"reason": "m", "balances": "B", "positions": "P"},
):
    reason: str = ""
    balances: tuple[BalanceBlock, ...] = ()
    positions: tuple[PositionBlock, ...] = ()


class AccountUpdateMessage(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="ACCOUNT_UPDATE",
    rename={"event_ms": "E", "transaction_ms": "T", "account": "a"},
):
    event_ms: Whole
    transaction_ms: Whole
    account: AccountBlock


class LeverageBlock(
    msgspec.Struct, frozen=True, kw_only=True, rename={"symbol": "s", "leverage": "l"}
):
    symbol: str
    leverage: Whole


class AccountConfigUpdate(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="ACCOUNT_CONFIG_UPDATE",
    rename={"event_ms": "E", "leverage": "ac"},
):
    """Without `ac` the message tells of the multi-assets mode, which is not used."""

    event_ms: Whole
    leverage: LeverageBlock | None = None


class MarginCallRow(msgspec.Struct, frozen=True, kw_only=True, rename={"symbol": "s"}):
    symbol: str


class MarginCallMessage(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="MARGIN_CALL",
    rename={"event_ms": "E", "positions": "p"},
):
    event_ms: Whole
    positions: tuple[MarginCallRow, ...] = ()


class ListenKeyExpiredMessage(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="listenKeyExpired",
    rename={"event_ms": "E"},
):
    event_ms: Whole


UserMessage = (
    OrderTradeUpdate
    | ExecutionReport
    | AccountUpdateMessage
    | AccountConfigUpdate
    | AlgoUpdateMessage
    | MarginCallMessage
    | ListenKeyExpiredMessage
    | TradeLite
    | StrategyUpdate
    | GridUpdate
    | TriggerReject
)


USER_EVENTS = frozenset(str(kind.__struct_config__.tag) for kind in get_args(UserMessage))


class UserEventName(msgspec.Struct, frozen=True):
    e: str = ""


class UserEnvelope(msgspec.Struct, frozen=True, kw_only=True):
    """The private route's enveloped mode, and control replies (without data)."""

    stream: str = ""
    data: UserMessage | None = None
    id: int | str | None = None
