"""One session from its seed to its verdict."""

from __future__ import annotations

import logging
import shutil
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from engine.drill.drill_algo_judge import judge_algos_in_journal, judge_algos_in_memory
from engine.drill.drill_bracket_judge import judge_brackets, judge_kept_brackets
from engine.drill.drill_faults import STREAM_FAULTS
from engine.drill.drill_floor import DrillFloor
from engine.drill.drill_judge import (
    JournalBooks,
    LocalBooks,
    Verdict,
    judge_journal,
    judge_memory,
)
from engine.drill.drill_plan_judge import judge_kept_plans, judge_plans
from engine.drill.drill_play import DrillPlay
from engine.drill.drill_session import Session, plan_session
from engine.drill.drill_trader import DrillPlace, DrillTrader
from engine.drill.drill_venue import Reference
from engine.errors import PerpdeskError
from engine.journal.journal_reader import JournalReader
from engine.oms.bracket_record import bracket_of
from engine.plan_records import Plan
from engine.utils.child_program import DRILL_VICTIM
from engine.utils.threads import StoppableThread

logger = logging.getLogger(__name__)

TRADING = b"trading"  # the victim's one word
START_S = 10.0
_PLAY_S = 40.0
_QUIET_S = 8.0
_LOOK_S = 0.03
_CLOSE_S = 5.0
_LATEST_EVENT_S = 0.4  # events that were held back come even after all looked well
_ALL_ROWS = 100_000
_LATE = ("event_delayed", "event_reordered", "stream_dripped")


class SessionResult(msgspec.Struct, frozen=True, kw_only=True):
    seed: int
    orders: int
    faults: tuple[str, ...]
    killed: bool
    verdict: Verdict
    longest_unprotected_ms: int = 0


class VictimOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What the process that will be killed is told, as one line of JSON."""

    seed: int
    place: DrillPlace
    references: Mapping[str, Reference]
    counterparty: tuple[str, str]


def run_session(seed: int, floor: DrillFloor) -> SessionResult:
    """Blocks for about a second. Raises PaperExchangeError when the exchange is lost."""
    session = plan_session(seed)
    references, trades_before = floor.prepare()
    folder = floor.folder / f"seed-{seed}"
    folder.mkdir()
    place = DrillPlace(
        hosts=floor.process.hosts,
        keys=floor.process.accounts[0],
        journal=str(folder / "journal.db"),
        trades_before=trades_before,
        audits=session.may_lose_events,
    )
    try:
        verdict = Verdict()
        if session.killed_after_s is not None:
            verdict = Verdict(hung=_live_until_killed(session, place, references, floor))
        judged, unprotected_ms = _trade_and_judge(session, place, references, floor)
        reader = JournalReader(Path(place.journal))
        orders = len(reader.placed_ids()) + len(reader.placed_algo_ids())
        return SessionResult(
            seed=seed,
            orders=orders,
            faults=tuple(floor.end_faults()),
            killed=session.killed_after_s is not None,
            verdict=verdict.with_more(judged),
            longest_unprotected_ms=unprotected_ms,
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _live_until_killed(
    session: Session, place: DrillPlace, references: Mapping[str, Reference], floor: DrillFloor
) -> tuple[str, ...]:
    """Another process trades; at an instant of the seed's choosing it is no more.

    What it says is its one word; a process that never traded was not killed at work.
    """
    keys = floor.process.accounts[1]
    order = VictimOrder(
        seed=session.seed,
        place=place,
        references=references,
        counterparty=(keys.api_key, keys.api_secret),
    )
    victim = subprocess.Popen(  # noqa: S603 - our own program
        DRILL_VICTIM.command(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=DRILL_VICTIM.folder(),
    )
    with victim:
        assert victim.stdin is not None
        assert victim.stdout is not None
        victim.stdin.write(msgspec.json.encode(order) + b"\n")
        victim.stdin.flush()
        trades = victim.stdout.readline().strip() == TRADING
        threading.Event().wait(session.killed_after_s)
        victim.kill()
    return () if trades else ("the process that was to be killed did not trade",)


def _trade_and_judge(
    session: Session, place: DrillPlace, references: Mapping[str, Reference], floor: DrillFloor
) -> tuple[Verdict, int]:
    """And for how long something was filled without a stop, in ms."""
    is_second_life = session.killed_after_s is not None
    if is_second_life:
        floor.account.clear_faults()
    plans_before = _kept_plans(Path(place.journal)) if is_second_life else []
    trader = DrillTrader(place)
    play = DrillPlay(session, trader, floor.account, floor.counterparty, references, floor.restart)
    trader.start()
    hung: list[str] = []
    try:
        if not trader.wait_until_live(START_S):
            hung.append(f"not live within {START_S:g} s of the start")
        elif not is_second_life:
            hung += _play(play, trader)
        if any(not plan.state.is_over for plan in trader.plans.plans()):
            threading.Event().wait(session.lingers_s)
        floor.end_faults()
        trader.plans.stop_all("The session is over.")
        verdict = _settle(trader, floor)
        if not is_second_life and STREAM_FAULTS.isdisjoint(floor.end_faults()):
            verdict = verdict.with_more(_judge_untold(trader, floor))
    finally:
        hung += _close(trader)
    journal = _journal_books(Path(place.journal), floor)
    books = floor.books()
    verdict = verdict.with_more(judge_journal(journal, books))
    verdict = verdict.with_more(
        judge_algos_in_journal(journal.placed_algos, journal.algos, books.algos)
    )
    verdict = verdict.with_more(judge_kept_brackets(journal.brackets, trader.brackets.all()))
    kept_plans = _kept_plans(Path(place.journal))
    verdict = verdict.with_more(judge_kept_plans(kept_plans, books.orders, plans_before))
    verdict = verdict.with_more(Verdict(hung=tuple(hung), wrong_state=tuple(play.not_flat)))
    return verdict, trader.brackets.longest_unprotected_ms


def _play(play: DrillPlay, trader: DrillTrader) -> list[str]:
    stage = StoppableThread("drill-play", play.run, trader.note_crash)
    stage.start()
    if not stage.join(_PLAY_S):
        stage.request_stop()
        return [*play.hung, f"the session did not end within {_PLAY_S:g} s"]
    return play.hung


def _settle(trader: DrillTrader, floor: DrillFloor) -> Verdict:
    """Look until all is equal; what still differs at the end is what is wrong."""
    ends_at = time.monotonic() + _QUIET_S
    may_come_late = any(kind in _LATE for kind in floor.end_faults())
    pause = threading.Event()
    while True:
        verdict = _compare(trader, floor)
        if verdict.is_clean and may_come_late:
            may_come_late = False
            pause.wait(_LATEST_EVENT_S)
            continue
        if verdict.is_clean or time.monotonic() > ends_at:
            return verdict
        pause.wait(_LOOK_S)


def _judge_untold(trader: DrillTrader, floor: DrillFloor) -> Verdict:
    """A whole stream tells of every trade: what had to be asked for was dropped by us."""
    untold = [o for o in trader.oms.resolver.untold if floor.is_of_session(o.view)]
    return Verdict(
        wrong_state=tuple(
            f"trades of {order.client_order_id} had to be fetched although the stream was whole"
            for order in untold
        )
    )


def _compare(trader: DrillTrader, floor: DrillFloor) -> Verdict:
    try:
        local, venue = _local_books(trader, floor), floor.books()
        verdict = judge_memory(local, venue)
        verdict = verdict.with_more(judge_brackets(trader.brackets.all(), venue.algos))
        verdict = verdict.with_more(judge_plans(trader.plans.plans(), venue.orders))
        return verdict.with_more(judge_algos_in_memory(local.algos, local.orders, venue.algos))
    except PerpdeskError as error:
        return Verdict(hung=(f"the exchange's books could not be read: {error}",))


def _close(trader: DrillTrader) -> list[str]:
    began_s = time.monotonic()
    ended = trader.close()
    took_s = time.monotonic() - began_s
    if not ended or took_s > _CLOSE_S:
        return [f"closing took {took_s:.1f} s (all ended: {ended})"]
    return []


def _local_books(trader: DrillTrader, floor: DrillFloor) -> LocalBooks:
    oms = trader.oms
    contradictions = oms.tracker.impossible_count + oms.algos.tracker.impossible_count
    mistakes = [*trader.mistakes, *trader.witness.mistakes]
    if contradictions:
        mistakes.append(f"{contradictions} updates were taken for impossible")
    missing = trader.events_missing()
    if missing:
        mistakes.append(f"{missing} events came and were not taken in")
    wallet = oms.positions.balance("USDT")
    return LocalBooks(
        orders=[o.view for o in oms.orders() if floor.is_of_session(o.view)],
        fills=[fill for fill in trader.fills() if floor.is_of_session(fill)],
        positions={v.symbol: (v.quantity, v.entry_price) for v in oms.positions.positions()},
        wallet=None if wallet is None else wallet.wallet_balance,
        incomplete=len(oms.tracker.with_missing_fills()) + len(oms.tracker.unknown_order_ids()),
        is_live=trader.is_live,
        mistakes=mistakes,
        algos=[a.view for a in oms.algos.all() if floor.is_of_session(a.view)],
    )


def _kept_plans(path: Path) -> list[Plan]:
    return JournalReader(path).plans(limit=_ALL_ROWS) if path.exists() else []


def _journal_books(path: Path, floor: DrillFloor) -> JournalBooks:
    reader = JournalReader(path)
    return JournalBooks(
        placed=frozenset(reader.placed_ids()),
        orders=[o for o in reader.orders(limit=_ALL_ROWS) if floor.is_of_session(o)],
        fills=[f for f in reader.fills(limit=_ALL_ROWS) if floor.is_of_session(f)],
        placed_algos=frozenset(reader.placed_algo_ids()),
        algos=[a for a in reader.algos(limit=_ALL_ROWS) if floor.is_of_session(a)],
        brackets=[bracket_of(body).bracket_id for body in reader.open_brackets()],
    )
