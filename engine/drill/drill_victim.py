"""The process that is killed while it trades: a child program of the drill.

Takes one line of JSON, says one word when it begins, and never ends by itself.
"""

from __future__ import annotations

import sys
import threading

import msgspec

from engine.drill.drill_play import DrillPlay
from engine.drill.drill_run import START_S, TRADING, VictimOrder
from engine.drill.drill_session import plan_session
from engine.drill.drill_trader import DrillTrader
from engine.drill.drill_venue import DrillVenue
from engine.paper.paper_process import PaperAccountKeys


def main() -> int:
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=VictimOrder)
    place = order.place
    trader = DrillTrader(place)
    trader.start()
    trader.wait_until_live(START_S)
    key, secret = order.counterparty
    play = DrillPlay(
        plan_session(order.seed),
        trader,
        DrillVenue(place.hosts.rest, place.keys),
        DrillVenue(place.hosts.rest, PaperAccountKeys(api_key=key, api_secret=secret)),
        order.references,
        restart_venue=lambda: None,
    )
    sys.stdout.buffer.write(TRADING + b"\n")
    sys.stdout.buffer.flush()
    play.run(threading.Event())
    sys.stdin.buffer.read()  # the kill comes from outside
    return 0


if __name__ == "__main__":
    sys.exit(main())
