"""What may be applied to a conditional order, and what comes of it. Frozen, like every message.

The venue's word is `AlgoUpdate`. Our own side of the conversation is told in the
words of `order_changes` where they fit, and in the ones below where they do not.
"""

from __future__ import annotations

import msgspec

from engine.events import AlgoUpdate
from engine.oms.order_changes import (
    CancelFailed,
    CancelSent,
    Doubted,
    Impossible,
    OutcomeLost,
    Stale,
)
from engine.protection_views import AlgoView
from engine.trading_types import AlgoStatus


class CancelAccepted(msgspec.Struct, frozen=True):
    """The venue has taken the cancel; its event follows, or was lost."""

    at_ms: int


class AlgoConcluded(msgspec.Struct, frozen=True):
    """Our own conclusion about the end of it. Any word of the venue overrules this."""

    status: AlgoStatus
    reason: str
    at_ms: int


AlgoLocalChange = CancelSent | CancelAccepted | CancelFailed | OutcomeLost | Doubted | AlgoConcluded
AlgoChange = AlgoUpdate | AlgoLocalChange


class AlgoApplied(msgspec.Struct, frozen=True, gc=False):
    """`view` is new. `notice`: tell the person."""

    view: AlgoView
    notice: str = ""


AlgoOutcome = AlgoApplied | Stale | Impossible
