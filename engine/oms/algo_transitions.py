"""The life of a conditional order as data: which word of the venue leads where.

`ALGO_TRANSITIONS[current][said]` is the status it takes when the venue says `said`.
A life goes one way only, so a pair that is missing is an old word that came late.
Two different ends contradict each other and are reported.

Source: ALGO_UPDATE, `X`: NEW -> TRIGGERING -> TRIGGERED -> FINISHED; CANCELED,
REJECTED at the trigger, EXPIRED by the system.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.trading_types import TERMINAL_ALGO_STATUSES, AlgoStatus

_NEW = AlgoStatus.NEW
_TRIGGERING = AlgoStatus.TRIGGERING
_TRIGGERED = AlgoStatus.TRIGGERED

Row = Mapping[AlgoStatus, AlgoStatus]


def _to(*said: AlgoStatus) -> dict[AlgoStatus, AlgoStatus]:
    return {status: status for status in said}


_ENDS = tuple(sorted(TERMINAL_ALGO_STATUSES))
_ANY = (_NEW, _TRIGGERING, _TRIGGERED, *_ENDS)

ALGO_TRANSITIONS: Mapping[AlgoStatus, Row] = {
    # an event may overtake the answer to the request: any word is possible
    AlgoStatus.PENDING_NEW: _to(*_ANY),
    AlgoStatus.UNKNOWN: _to(*_ANY),
    _NEW: _to(*_ANY),
    # NEW here is a late copy: the cancel is still on its way
    AlgoStatus.PENDING_CANCEL: {
        **_to(_TRIGGERING, _TRIGGERED, *_ENDS),
        _NEW: (AlgoStatus.PENDING_CANCEL),
    },
    _TRIGGERING: _to(_TRIGGERING, _TRIGGERED, *_ENDS),
    _TRIGGERED: _to(_TRIGGERED, *_ENDS),
    **{end: _to(end) for end in _ENDS},
}

# How far along in its life: of two words of the venue the further one is the newer,
# whatever order they come in. The venue's own time is no help: REST and stream differ.
ALGO_RANK: Mapping[AlgoStatus, int] = {
    _NEW: 1,
    _TRIGGERING: 2,
    _TRIGGERED: 3,
    **dict.fromkeys(_ENDS, 4),
}

_VENUE_WORDS: Mapping[str, AlgoStatus] = {status.value: status for status in _ANY}


def said_status(word: str) -> AlgoStatus | None:
    """None: not known to us. PENDING_* and UNKNOWN are ours and never the venue's."""
    return _VENUE_WORDS.get(word)
