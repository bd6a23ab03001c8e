"""Which function carries out which word."""

from __future__ import annotations

from collections.abc import Mapping

from engine.console import (
    account,
    algos,
    brackets,
    orders,
    plans,
    protection,
    review,
    sessions,
    strategy,
)
from engine.console.answers import Command

COMMANDS: Mapping[str, Command] = {
    "order": orders.order,
    "amend": orders.amend,
    "cancel": orders.cancel,
    "orders": orders.orders,
    "algo": algos.algo,
    "algo-move": algos.algo_move,
    "algo-cancel": algos.algo_cancel,
    "bracket": brackets.bracket,
    "protect": brackets.protect,
    "brackets": brackets.brackets,
    "bracket-cancel": brackets.bracket_cancel,
    "positions": account.positions,
    "balance": account.balance,
    "watch": sessions.watch,
    "record": sessions.record,
    "tie-out": review.tie_out,
    "cancel-all": protection.cancel_all,
    "guard": protection.guard,
    "close": protection.close,
    "reverse": protection.reverse,
    "flatten": protection.flatten,
    "kill": protection.kill,
    "dead-man": protection.dead_man,
    "chase": plans.chase,
    "scaled": plans.scaled,
    "twap": plans.twap,
    "plans": plans.plans,
    "plan-stop": plans.plan_stop,
    "run": strategy.run,
}
WITHOUT_STREAM = frozenset({"kill", "flatten"})
"""They work while the account stream is down."""
