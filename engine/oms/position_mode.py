"""Whether the account holds long and short side by side, as the exchange last said.

No stream tells of a change: the mode is read in every recovery (a start is one),
and when a refusal shows that ours is not the account's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from engine.errors import OutcomeUnknown, PerpdeskError, VenueError
from engine.events import Event
from engine.events.protection import HedgeModeChanged
from engine.exchange.gateway import ExchangeGateway

logger = logging.getLogger(__name__)

# bad position side, not this mode's, reduce-only where there is none
_SHOWS_ANOTHER_MODE = (-4060, -4061, -4062)


class PositionMode:
    """Thread-safe: one attribute, replaced in one step. `publish` must not block."""

    def __init__(self, gateway: ExchangeGateway, publish: Callable[[Event], None]) -> None:
        self._gateway = gateway
        self._publish = publish
        self._is_hedge: bool | None = None

    @property
    def is_hedge(self) -> bool | None:
        """None: not read yet."""
        return self._is_hedge

    def learn(self, is_hedge: bool) -> None:
        """The exchange's word. Published when it is the first, or another than before."""
        if is_hedge is not self._is_hedge:
            self._is_hedge = is_hedge
            logger.info("position mode hedge=%s", is_hedge)
            self._publish(HedgeModeChanged(is_on=is_hedge))

    def change(self, is_hedge: bool) -> None:
        """Set the account's mode. Blocks; raises what the gateway raises. Setting it has no
        other effect than the mode itself, so after a lost answer the mode tells what happened.
        """
        try:
            self._gateway.set_hedge_mode(is_hedge)
        except OutcomeUnknown:
            self.learn(self._gateway.is_hedge_mode())
            if self._is_hedge is not is_hedge:
                raise
        else:
            self.learn(is_hedge)

    def heed(self, error: PerpdeskError) -> None:
        """Read the mode again when a refusal shows that ours is wrong. Blocks on the network
        then; a failure is logged, the next recovery reads it anyway.
        """
        if not isinstance(error, VenueError) or error.code not in _SHOWS_ANOTHER_MODE:
            return
        try:
            self.learn(self._gateway.is_hedge_mode())
        except PerpdeskError as failure:
            logger.warning("the position mode could not be read: %s", failure)
