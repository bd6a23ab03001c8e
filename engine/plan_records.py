"""A plan as it is kept: what was asked for, and how far its life is.

Its orders are not in here. The client id of each follows from the plan's and a
number, so that after a restart the journal's intents tell which have been sent.
"""

from __future__ import annotations

import msgspec

from engine.protection_commands import StartChase, StartScaled, StartTwap
from engine.trading_types import PlanKind, PlanState

PlanTerms = StartChase | StartScaled | StartTwap

TERMS: dict[PlanKind, type[StartChase] | type[StartScaled] | type[StartTwap]] = {
    PlanKind.CHASE: StartChase,
    PlanKind.SCALED: StartScaled,
    PlanKind.TWAP: StartTwap,
}
_KINDS = {kind: kind_of for kind_of, kind in TERMS.items()}


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """`cancels_rest`: when it stops, what rests of it is cancelled. `next_index`: the first
    number that no order of it has; it is on disk before the order is sent.
    """

    plan_id: str
    terms: PlanTerms
    state: PlanState = PlanState.RUNNING
    reason: str = ""
    cancels_rest: bool = True
    next_index: int = 0
    created_ms: int = 0
    updated_ms: int = 0

    @property
    def kind(self) -> PlanKind:
        return _KINDS[type(self.terms)]

    @property
    def is_over(self) -> bool:
        return self.state.is_over

    def child_id(self, index: int) -> str:
        """The client order id of its order number `index`, from 0: 28 of the 36 characters."""
        return f"{self.plan_id}-{index:03d}"

    def index_of(self, client_order_id: str) -> int | None:
        """None: the order is not one of this plan's."""
        head, dash, number = client_order_id.rpartition("-")
        return int(number) if head == self.plan_id and dash and number.isdecimal() else None
