"""Brackets at rest: what they say of themselves against the exits at the exchange. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from engine.drill.drill_judge import Row, Verdict
from engine.oms.bracket_record import bracket_id_of
from engine.protection_views import BracketView
from engine.trading_types import BracketState

_STOP, _TARGET = "STOP_MARKET", "TAKE_PROFIT_MARKET"


def judge_brackets(views: Sequence[BracketView], rows: Sequence[Row]) -> Verdict:
    """`rows`: every conditional order of the account."""
    standing = [row for row in rows if row["algoStatus"] == "NEW"]
    wrong: list[str] = []
    hung: list[str] = []
    for view in views:
        own = [row for row in standing if bracket_id_of(row["clientAlgoId"]) == view.bracket_id]
        stops, targets = _quantities(own, _STOP), _quantities(own, _TARGET)
        name = f"bracket {view.bracket_id} is {view.state}"
        if view.state is BracketState.CLOSING or (
            view.state is BracketState.UNPROTECTED and not _is_bare_by_will(view)
        ):
            hung.append(f"{name}: {view.reason}")
        elif view.state is BracketState.PROTECTED:
            wanted = [view.protected_qty]
            if stops != wanted or targets != (wanted if view.target_price is not None else []):
                wrong.append(f"{name} with {view.protected_qty}, its exits are {stops} {targets}")
            wrong += [
                f"{name}, and its exit stands at {at} instead of {asked}"
                for kind, asked in ((_STOP, view.stop_price), (_TARGET, view.target_price))
                for at in _triggers(own, kind)
                if at != asked
            ]
        elif view.state in (BracketState.CLOSED, BracketState.ENTERING) and own:
            wrong.append(f"{name} and has exits {stops} {targets}")
    known = {view.bracket_id for view in views}
    wrong += [
        f"exit {row['clientAlgoId']} stands and its bracket is not known"
        for row in standing
        if (bracket_id := bracket_id_of(row["clientAlgoId"])) and bracket_id not in known
    ]
    return Verdict(wrong_state=tuple(wrong), hung=tuple(hung))


def judge_kept_brackets(kept: Sequence[str], views: Sequence[BracketView]) -> Verdict:
    """What the journal says is open against what was, when it was closed."""
    ended = (BracketState.CLOSED, BracketState.FAILED)
    is_open = {view.bracket_id for view in views if view.state not in ended}
    differ = sorted(is_open.symmetric_difference(kept))
    return Verdict(
        wrong_state=tuple(f"bracket {one} is open in one of journal and memory" for one in differ)
    )


def _quantities(rows: Sequence[Row], kind: str) -> list[Decimal]:
    return [Decimal(row["quantity"]) for row in rows if row["orderType"] == kind]


def _triggers(rows: Sequence[Row], kind: str) -> list[Decimal]:
    return [Decimal(row["triggerPrice"]) for row in rows if row["orderType"] == kind]


def _is_bare_by_will(view: BracketView) -> bool:
    """No stop was asked for, or somebody else has cancelled it."""
    return view.stop_price is None or view.is_stop_released
