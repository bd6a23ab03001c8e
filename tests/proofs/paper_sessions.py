"""`python -m tests.proofs paper`: thousands of random sessions, in lots of one seed each."""

from __future__ import annotations

import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.proofs.paper_machine import PaperMachine

LOT = 20  # sessions with one seed
STEPS = 40
_WORKERS = 2


def run(sessions: int, first_seed: int) -> dict[str, Any]:
    """Stops at the first lot that fails; `--seed` of that lot and `--sessions 20` replay it."""
    began = time.monotonic()
    figures: dict[str, Any] = {"passed": True}
    counts: Counter[str] = Counter()
    lots = range(first_seed, first_seed + -(-sessions // LOT))
    with ProcessPoolExecutor(_WORKERS, mp_context=get_context("spawn")) as workers:
        waiting = [workers.submit(count_lot, lot_seed) for lot_seed in lots]
        for done in as_completed(waiting):
            try:
                lot_seed, failure, counted = done.result()
            except BrokenProcessPool:
                figures = {"passed": False, "failure": "a worker was killed from outside"}
                break
            counts.update(counted)
            if failure:
                figures = {"passed": False, "failing_seed": lot_seed, "failure": failure}
                workers.shutdown(cancel_futures=True)
                break
    return {**figures, **counts, "seconds": round(time.monotonic() - began, 1)}


def count_lot(lot_seed: int) -> tuple[int, str, Counter[str]]:
    """The lot's seed, how it failed (empty: it did not) and what happened in it."""
    PaperMachine.counts = Counter()
    try:
        run_lot(PaperMachine, lot_seed, LOT)
    except Exception as error:  # noqa: BLE001 - told with the seed
        return lot_seed, "".join(traceback.format_exception(error)), PaperMachine.counts
    return lot_seed, "", PaperMachine.counts


def run_lot(machine: type[PaperMachine], lot_seed: int, sessions: int, steps: int = STEPS) -> None:
    """Raises what a session has failed with; the session's steps are in its notes."""
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        seed(lot_seed)(machine),
        settings=settings(
            max_examples=sessions,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            print_blob=False,
            report_multiple_bugs=False,
            phases=(Phase.generate,),  # shrinking would take minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
