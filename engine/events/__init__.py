"""What happened. Frozen; published through the event hub.

Market events carry the venue's field letters as decoding metadata (`rename`),
so the JSON decoder makes the event itself and nothing is copied on the hot
path. Market prices are float (for looking); everything that is money is Decimal.

Two lanes: an event whose `latest_key()` is None is never dropped and keeps its
order; one with a key is replaced by a newer one with the same key.

What every program needs is gathered here. Other nouns (`keys`, `paper`, `protection`,
`recording`, `review`, `strategies`) are imported from their file by who knows them.
"""

from engine.events.account import (
    AccountUpdate,
    BalanceChanged,
    BalanceReport,
    LeverageChanged,
    ListenKeyExpired,
    MarginCall,
    PositionChanged,
    PositionReport,
    SymbolTerms,
)
from engine.events.candles import CandlesLoaded, IntervalCandle, KlineUpdate
from engine.events.event import Event
from engine.events.health import (
    EngineStateChanged,
    HealthReport,
    RateBrake,
    StreamStateChanged,
    ThreadCrashed,
    UnknownMessage,
)
from engine.events.market import (
    AggTrade,
    BookTicker,
    BookView,
    DepthDiff,
    ForcedOrder,
    Liquidation,
    MarkPrice,
    MiniTicker,
    Ticker24h,
    Trade,
)
from engine.events.notices import Alert, CommandDone, CommandRefused
from engine.events.orders import (
    AlgoUpdate,
    FillRecorded,
    HistoryLoaded,
    OrderChanged,
    OrderReplaced,
    OrderUpdate,
)

__all__ = [
    "AccountUpdate",
    "AggTrade",
    "Alert",
    "AlgoUpdate",
    "BalanceChanged",
    "BalanceReport",
    "BookTicker",
    "BookView",
    "CandlesLoaded",
    "CommandDone",
    "CommandRefused",
    "DepthDiff",
    "EngineStateChanged",
    "Event",
    "FillRecorded",
    "ForcedOrder",
    "HealthReport",
    "HistoryLoaded",
    "IntervalCandle",
    "KlineUpdate",
    "LeverageChanged",
    "Liquidation",
    "ListenKeyExpired",
    "MarginCall",
    "MarkPrice",
    "MiniTicker",
    "OrderChanged",
    "OrderReplaced",
    "OrderUpdate",
    "PositionChanged",
    "PositionReport",
    "RateBrake",
    "StreamStateChanged",
    "SymbolTerms",
    "ThreadCrashed",
    "Ticker24h",
    "Trade",
    "UnknownMessage",
]
