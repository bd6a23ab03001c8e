"""The words of the trade: enums shared by every layer.

The text of each member is the exchange's own spelling, so that a member can go
on the wire as it is. Imports nothing but the standard library.
"""

from __future__ import annotations

from enum import StrEnum, unique


@unique
class Side(StrEnum):
    BUY = "BUY"
    SELL = "SELL"

    @property
    def opposite(self) -> Side:
        return Side.SELL if self is Side.BUY else Side.BUY


@unique
class OrderType(StrEnum):
    LIMIT = "LIMIT"
    MARKET = "MARKET"
    STOP = "STOP"
    STOP_MARKET = "STOP_MARKET"
    TAKE_PROFIT = "TAKE_PROFIT"
    TAKE_PROFIT_MARKET = "TAKE_PROFIT_MARKET"
    TRAILING_STOP_MARKET = "TRAILING_STOP_MARKET"
    LIQUIDATION = "LIQUIDATION"


@unique
class TimeInForce(StrEnum):
    """GTX is post-only; GTE_GTC appears only in the venue's answers."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    GTX = "GTX"
    GTD = "GTD"
    RPI = "RPI"
    GTE_GTC = "GTE_GTC"


@unique
class PositionSide(StrEnum):
    BOTH = "BOTH"
    LONG = "LONG"
    SHORT = "SHORT"


@unique
class MarginType(StrEnum):
    CROSSED = "CROSSED"
    ISOLATED = "ISOLATED"


@unique
class WorkingType(StrEnum):
    """Which price a conditional order waits for."""

    CONTRACT_PRICE = "CONTRACT_PRICE"
    MARK_PRICE = "MARK_PRICE"


@unique
class OrderStatus(StrEnum):
    """Life of an order as Perpdesk shows it.

    PENDING_NEW, PENDING_CANCEL and UNKNOWN are ours and never come from the
    venue: sent and not answered, cancel sent and not answered, fate not known.
    """

    PENDING_NEW = "PENDING_NEW"
    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    PENDING_CANCEL = "PENDING_CANCEL"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    EXPIRED_IN_MATCH = "EXPIRED_IN_MATCH"
    UNKNOWN = "UNKNOWN"

    @property
    def is_terminal(self) -> bool:
        return self in TERMINAL_STATUSES

    @property
    def is_resting(self) -> bool:
        """The venue has confirmed the order and it may still trade."""
        return self in (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED)


TERMINAL_STATUSES = frozenset(
    {
        OrderStatus.FILLED,
        OrderStatus.CANCELED,
        OrderStatus.REJECTED,
        OrderStatus.EXPIRED,
        OrderStatus.EXPIRED_IN_MATCH,
    }
)


@unique
class AlgoStatus(StrEnum):
    """Life of a conditional order as Perpdesk shows it.

    PENDING_NEW, PENDING_CANCEL and UNKNOWN are ours, as with OrderStatus. TRIGGERED:
    it has become an order in the book; FINISHED: that order has ended.
    """

    PENDING_NEW = "PENDING_NEW"
    NEW = "NEW"
    TRIGGERING = "TRIGGERING"
    TRIGGERED = "TRIGGERED"
    FINISHED = "FINISHED"
    PENDING_CANCEL = "PENDING_CANCEL"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    UNKNOWN = "UNKNOWN"

    @property
    def is_terminal(self) -> bool:
        return self in TERMINAL_ALGO_STATUSES


TERMINAL_ALGO_STATUSES = frozenset(
    {AlgoStatus.FINISHED, AlgoStatus.CANCELED, AlgoStatus.REJECTED, AlgoStatus.EXPIRED}
)


@unique
class BracketState(StrEnum):
    ENTERING = "entering"  # nothing is filled yet, so nothing needs a stop
    PROTECTED = "protected"  # the exchange holds a stop for all that is filled
    UNPROTECTED = "unprotected"  # something is filled and no confirmed stop covers it
    CLOSING = "closing"  # an exit has triggered, or the position is being closed
    CLOSED = "closed"
    FAILED = "failed"  # given up, with the reason; what is left is the person's


@unique
class PlanKind(StrEnum):
    CHASE = "chase"
    SCALED = "scaled"
    TWAP = "twap"


@unique
class PlanState(StrEnum):
    RUNNING = "running"
    STOPPING = "stopping"
    DONE = "done"
    STOPPED = "stopped"  # by the person, or by itself, with the reason

    @property
    def is_over(self) -> bool:
        return self in (PlanState.DONE, PlanState.STOPPED)


@unique
class StrategyState(StrEnum):
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    CRASHED = "crashed"
    HUNG = "hung"  # told to stop and does not end; it cannot place anything any more

    @property
    def is_over(self) -> bool:
        return self not in (StrategyState.RUNNING, StrategyState.STOPPING)


@unique
class KillState(StrEnum):
    IDLE = "idle"
    WORKING = "working"
    FLAT = "flat"  # verified by REST: no order of either service, no position
    LEFT_OVER = "left over"  # told to stop before it was flat


@unique
class ExecutionType(StrEnum):
    NEW = "NEW"
    TRADE = "TRADE"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    AMENDMENT = "AMENDMENT"
    CALCULATED = "CALCULATED"
    REJECTED = "REJECTED"
    QUERY = "QUERY"  # ours: read by REST, nothing executed


@unique
class OrderOrigin(StrEnum):
    OURS = "ours"
    ELSEWHERE = "elsewhere"
    LIQUIDATION = "liquidation"
    ADL = "adl"
    SETTLEMENT = "settlement"


@unique
class Route(StrEnum):
    """The three stream connections; a stream on the wrong one stays silent."""

    PUBLIC = "public"
    MARKET = "market"
    PRIVATE = "private"


@unique
class StreamState(StrEnum):
    CONNECTING = "connecting"
    CONNECTED = "connected"  # socket open, no data yet: proves nothing
    LIVE = "live"
    STALE = "stale"
    DISCONNECTED = "disconnected"
    STOPPED = "stopped"


@unique
class EngineState(StrEnum):
    STARTING = "starting"
    RECOVERING = "recovering"
    LIVE = "live"
    DEGRADED = "degraded"
    STOPPED = "stopped"


@unique
class AlertLevel(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@unique
class EnvironmentKind(StrEnum):
    """Decides the colour of the window's frame."""

    PAPER = "paper"
    TESTNET = "testnet"
    LIVE = "live"
    RECORDING = "recording"  # nothing can be sent


@unique
class PaperMarketKind(StrEnum):
    """Where the paper exchange's prices come from."""

    SYNTHETIC = "synthetic"
    QUIET = "quiet"  # the makers stand still and nobody else trades
    REPLAY = "replay"
    MIRROR = "mirror"
