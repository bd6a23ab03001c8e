"""`python -m tests.proofs NAME`: proofs that take longer than a test may.

paper     random sessions on the venue, checked after every step; a failing seed replays
kills     kill -9 at any instant and restart; nothing acknowledged is lost
long-run  hours of the server's life in minutes: memory, state file, every account's books
soak      streams at full load on a network that is cut every minute: nothing grows or dies
desk      hours at the window in minutes, with real acts: its memory stays flat

coverage-table   writes what the paper exchange serves into its help page
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from typing import Any

from tests.proofs import coverage_table, desk, kill_loop, long_run, paper_sessions, soak


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.proofs",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    proofs = parser.add_subparsers(dest="proof", required=True)
    lasting = proofs.add_parser("long-run")
    lasting.add_argument("--minutes", type=float, default=30)
    lasting.add_argument("--speed", type=float, default=20)
    lasting.add_argument("--pause", type=float, default=0.02, help="s between a client's orders")
    sessions = proofs.add_parser("paper")
    sessions.add_argument("--sessions", type=int, default=2000)
    killing = proofs.add_parser("kills")
    killing.add_argument("--kills", type=int, default=20)
    soaking = proofs.add_parser("soak")
    soaking.add_argument("--duration", type=float, default=3600, help="s")
    soaking.add_argument("--rate", type=float, default=5000, help="market messages a second")
    soaking.add_argument("--cut-every", type=float, default=60, help="s")
    for each in (lasting, sessions, killing):
        each.add_argument("--seed", type=int, default=int(time.time()) % 1_000_000)
    sitting = proofs.add_parser("desk")
    sitting.add_argument("--hours", type=float, default=8, help="of the day that is played")
    for each in (lasting, sessions, killing, soaking, sitting):
        each.add_argument("--json", action="store_true", help="the figures as one JSON line")
    proofs.add_parser("coverage-table")
    words = parser.parse_args()
    if words.proof == "coverage-table":
        _say("written" if coverage_table.write() else "was current")
        return 0
    if words.proof == "soak":
        logging.basicConfig(format="%(asctime)s %(message)s")
        soak.logger.setLevel(logging.INFO)
        figures = soak.run(words.duration, words.rate, words.cut_every)
        return _tell({"proof": "soak", **figures}, as_json=words.json)
    if words.proof == "desk":
        return _tell({"proof": "desk", **desk.run(words.hours)}, as_json=words.json)
    if words.proof == "paper":
        figures = paper_sessions.run(words.sessions, words.seed)
    elif words.proof == "kills":
        figures = kill_loop.run(words.kills, words.seed)
    else:
        figures = long_run.run(words.minutes, words.speed, words.seed, words.pause)
    return _tell({"proof": words.proof, "seed": words.seed, **figures}, as_json=words.json)


def _tell(figures: dict[str, Any], *, as_json: bool) -> int:
    if as_json:
        _say(json.dumps(figures))
    else:
        for name, value in figures.items():
            _say(f"{name:28} {value}")
    return 0 if figures["passed"] else 1


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
