"""`perpdesk-cli drill`: many sessions, some workers, one report.

The plan of a session, its faults and the moment of its kill come from the seed.
What the threads of client and server do between two steps, and so which event
comes first, is the machine's: a failing seed plays the same session again, and
may need some repetitions to meet the same moment.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import threading
from collections.abc import Callable, Iterator, Sequence

import msgspec

from engine.drill.drill_floor import DrillFloor
from engine.drill.drill_report import failure_lines, faults_by_kind, report_of
from engine.drill.drill_run import SessionResult, run_session
from engine.utils.threads import StoppableThread

logger = logging.getLogger(__name__)

_TELL_EVERY = 50

Tell = Callable[[SessionResult], None]


def run_drill(seeds: Sequence[int], jobs: int, tell: Tell) -> list[SessionResult]:
    """`tell` is called for each result, on a worker's thread, one at a time.

    Raises what ended a worker: PaperExchangeError when the exchange did not start.
    """
    waiting = iter(seeds)
    lock = threading.Lock()
    results: list[SessionResult] = []
    failures: list[BaseException] = []

    def work(stop: threading.Event) -> None:
        floor = DrillFloor()
        try:
            for seed in _shared(waiting, lock):
                if stop.is_set() or failures:
                    return
                result = run_session(seed, floor)
                with lock:
                    results.append(result)
                    tell(result)
        finally:
            floor.close()

    workers = [
        StoppableThread(f"drill-worker-{number}", work, lambda _name, error: failures.append(error))
        for number in range(min(jobs, len(seeds)))
    ]
    _run_all(workers)
    if failures:
        raise failures[0]
    return sorted(results, key=lambda result: result.seed)


def _shared(seeds: Iterator[int], lock: threading.Lock) -> Iterator[int]:
    while True:
        with lock:
            seed = next(seeds, None)
        if seed is None:
            return
        yield seed


def _run_all(workers: Sequence[StoppableThread]) -> None:
    """Ctrl+C ends each of them after the session that it is in."""
    for worker in workers:
        worker.start()
    try:
        _join(workers)
    except KeyboardInterrupt:
        for worker in workers:
            worker.request_stop()
        _join(workers)
        raise


def _join(workers: Sequence[StoppableThread]) -> None:
    for worker in workers:
        while not worker.join(0.5):
            pass


def drill(given: argparse.Namespace, write: Callable[[str], None]) -> int:
    """Exit code 0 when nothing was lost, doubled, wrong or hung."""
    done = itertools.count(1)

    def tell(result: SessionResult) -> None:
        for line in failure_lines(result):
            write(line)
        number = next(done)
        if not given.json and number % _TELL_EVERY == 0:
            write(f"{number} of {given.seeds} sessions done")

    seeds = range(given.seed, given.seed + given.seeds)
    results = run_drill(seeds, given.jobs, tell)
    report = report_of(results)
    if not given.json:
        for kind, count in faults_by_kind(results).items():
            write(f"{count:6d} {kind}")
    write(msgspec.json.encode(report).decode())
    return 0 if report.is_clean else 1
