"""Conditional orders: ours against the exchange's books, row by row. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from engine.drill.drill_judge import Row, Verdict
from engine.oms.order_transitions import OUR_PREFIX
from engine.protection_views import AlgoView
from engine.trading_types import AlgoStatus
from engine.views import OrderView

_OPEN = ("NEW", "TRIGGERING", "TRIGGERED")
_IN_DOUBT = (AlgoStatus.UNKNOWN, AlgoStatus.PENDING_NEW, AlgoStatus.PENDING_CANCEL)


def judge_algos_in_memory(
    algos: Sequence[AlgoView], orders: Sequence[OrderView], rows: Sequence[Row]
) -> Verdict:
    """What the person sees, while the program runs."""
    by_id = {int(row["algoId"]): row for row in rows}
    wrong = _compare(algos, by_id, "shown")
    shown = {view.algo_id for view in algos}
    # what had ended before a restart is in the journal only
    wrong += [
        f"conditional order {row['clientAlgoId']} is open and not shown"
        for algo_id, row in by_id.items()
        if algo_id not in shown and row["algoStatus"] in _OPEN
    ]
    wrong += _unlinked(algos, orders)
    waiting = {view.client_algo_id for view in algos if view.status is AlgoStatus.NEW}
    return Verdict(
        lost=tuple(_unfinished(algos)),
        duplicated=tuple(
            f"conditional order {view.replaces} and its successor {view.client_algo_id} both stand"
            for view in algos
            if view.client_algo_id in waiting and view.replaces in waiting
        ),
        wrong_state=tuple(wrong),
    )


def judge_algos_in_journal(
    placed: frozenset[str], algos: Sequence[AlgoView], rows: Sequence[Row]
) -> Verdict:
    """What is on disk: every intent and its fate."""
    ours = Counter(
        str(row["clientAlgoId"]) for row in rows if row["clientAlgoId"].startswith(OUR_PREFIX)
    )
    known = {view.client_algo_id for view in algos}
    lost = [
        f"conditional order {key} was sent and is not in the journal"
        for key in ours.keys() - placed
    ]
    lost += [f"intent {key} has no conditional order in the journal" for key in placed - known]
    lost += [f"conditional order {key} is not in the journal" for key in ours.keys() - known]
    by_id = {int(row["algoId"]): row for row in rows}
    return Verdict(
        lost=(*lost, *_unfinished(algos)),
        duplicated=tuple(
            f"{key} is {n} conditional orders at the exchange" for key, n in ours.items() if n > 1
        ),
        wrong_state=tuple(_compare(algos, by_id, "journalled")),
    )


def _unfinished(algos: Sequence[AlgoView]) -> list[str]:
    return [
        f"conditional order {view.client_algo_id} is still {view.status}"
        for view in algos
        if view.status in _IN_DOUBT
    ]


def _compare(algos: Sequence[AlgoView], by_id: dict[int, Row], what: str) -> list[str]:
    found = []
    by_client_id = {row["clientAlgoId"]: row for row in by_id.values()}
    for view in algos:
        is_named = view.algo_id is not None
        row = by_id.get(view.algo_id or 0) if is_named else by_client_id.get(view.client_algo_id)
        if row is None:
            if is_named:
                found.append(
                    f"conditional order {view.client_algo_id} is {what} and not at the exchange"
                )
            continue
        mine, theirs = _state_of_view(view), _state_of_row(row)
        if mine != theirs:
            found.append(
                f"conditional order {view.client_algo_id} is {what} as {mine}, the exchange has"
                f" {theirs}"
            )
    return found


def _unlinked(algos: Sequence[AlgoView], orders: Sequence[OrderView]) -> list[str]:
    """An order that a conditional one became says so."""
    parents: dict[tuple[str, int | None], str] = {
        (view.symbol, view.order_id): view.client_algo_id for view in algos if view.order_id
    }
    return [
        f"order {view.order_id} does not know that it was {parents[view.symbol, view.order_id]}"
        for view in orders
        if parents.get((view.symbol, view.order_id), view.client_algo_id) != view.client_algo_id
    ]


def _state_of_view(view: AlgoView) -> dict[str, object]:
    # cancelled by its client id before anything told of its own: that is never learned
    is_nameless = view.algo_id is None and view.status is not AlgoStatus.CANCELED
    return {
        "named": not is_nameless,
        "status": view.status.value,
        "quantity": view.quantity,
        "trigger": view.trigger_price,
        "price": view.price,
        "order": view.order_id,
    }


def _state_of_row(row: Row) -> dict[str, object]:
    return {
        "named": True,
        "status": row["algoStatus"],
        "quantity": Decimal(row["quantity"]),
        "trigger": Decimal(row["triggerPrice"]),
        "price": Decimal(row["price"]),
        "order": int(row["actualOrderId"]) if row["actualOrderId"] else None,
    }
