"""`python -m tests.proofs coverage-table`: what the paper exchange serves, found out by asking it.

REST rows come from the endpoint table and the venue's own table of handlers.
Streams, order-WebSocket methods and user events are tried out on a venue: what
is said to be served has been received here.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import msgspec

from engine.paper.candle import INTERVAL_MS
from engine.paper.paper_order_socket import OrderSocketSession
from engine.paper.paper_state import StateFolder
from engine.paper.paper_streams import StreamConnection, route_of
from engine.paper.paper_venue import HANDLERS
from engine.wire.endpoints import ENDPOINTS, Endpoint
from tests.helpers.paper_bench import Bench
from tests.proofs.coverage_notes import (
    DOCUMENTED_EVENTS,
    DOCUMENTED_METHODS,
    DOCUMENTED_STREAMS,
    NOT_IN_ENDPOINTS,
    REST_NOTES,
    STREAM_NOTES,
)

PAGE = Path(__file__).resolve().parents[2] / "resources" / "help" / "paper-exchange.md"
_BEGIN, _END = "<!-- coverage: begin -->", "<!-- coverage: end -->"
_SECTION = re.compile(re.escape(_BEGIN) + ".*" + re.escape(_END), re.DOTALL)
_NO = "**no**"


def section() -> str:
    """The whole generated part of the page, its markers included."""
    with tempfile.TemporaryDirectory() as name, StateFolder(Path(name)) as folder:
        probe = Probe(Bench(folder, quiet_market=False, symbols=("BTCUSDT",)))
        parts = [
            "### REST",
            _rest_table(),
            "### Streams",
            _stream_table(probe.heard_streams()),
            "### User data events",
            _event_table(probe.heard_events()),
            "### Order WebSocket",
            _method_table(probe.answered_methods()),
        ]
    return "\n\n".join([_BEGIN, *parts, _END])


def write() -> bool:
    """Bring the page up to date; False when it was."""
    before = PAGE.read_text(encoding="utf-8")
    wanted = section()
    after = _SECTION.sub(lambda _: wanted, before)
    PAGE.write_text(after, encoding="utf-8", newline="\n")
    return after != before


def is_current() -> bool:
    found = _SECTION.search(PAGE.read_text(encoding="utf-8"))
    return found is not None and found.group() == section()


# tables


def _rest_table() -> str:
    rows = [_rest_row(endpoint) for endpoint in ENDPOINTS.values()]
    rows += [(call, "", _NO, note) for call, note in NOT_IN_ENDPOINTS]
    return _table(("call", "weight", "served", "how, and what is missing"), rows)


def _rest_row(endpoint: Endpoint) -> tuple[str, str, str, str]:
    served = "yes" if endpoint.name in HANDLERS else _NO
    note = REST_NOTES.get(endpoint.name, "")
    return (f"`{endpoint.method} {endpoint.path}`", _weight(endpoint), served, note)


def _weight(endpoint: Endpoint) -> str:
    """IP weight, lowest to highest, and what it takes of the order limits (10 s / 1 min)."""
    asked = [{}, {"symbol": "BTCUSDT"}, *({"limit": str(limit)} for limit in (5, 100, 499, 1500))]
    weights = sorted({endpoint.weight_of(params) for params in asked})
    text = str(weights[0]) if len(weights) == 1 else f"{weights[0]} to {weights[-1]}"
    return text if endpoint.orders == (0, 0) else f"{text}, orders {endpoint.orders[0]}/1"


def _stream_table(heard: set[str]) -> str:
    rows = [
        (
            f"`{stream}`",
            route_of(stream),
            "yes" if _probe_name(stream) in heard else "**silent**",
            STREAM_NOTES.get(stream, ""),
        )
        for stream in DOCUMENTED_STREAMS
    ]
    return _table(("stream", "route", "data", "how, and what is missing"), rows)


def _event_table(heard: set[str]) -> str:
    rows = [
        (f"`{name}`", "yes" if name in heard else "**never**", note)
        for name, note in DOCUMENTED_EVENTS.items()
    ]
    return _table(("event", "sent", "when"), rows)


def _method_table(answered: set[str]) -> str:
    rows = [(f"`{m}`", "yes" if m in answered else _NO) for m in DOCUMENTED_METHODS]
    return _table(("method", "served"), rows)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


# what a venue does when it is asked


def _probe_name(stream: str) -> str:
    return (
        stream.replace("<symbol>", "btcusdt")
        .replace("<pair>", "btcusdt")
        .replace("<asset>", "usdt")
    )


class Probe:
    """Tries everything out on one venue with a living market."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._heard: set[str] = set()

    def heard_streams(self) -> set[str]:
        """Subscribe to everything, live a while, and see a liquidation."""
        hub = self._bench.venue.hub
        for stream in DOCUMENTED_STREAMS:
            for interval in INTERVAL_MS if "<interval>" in stream else ("",):
                name = _probe_name(stream).replace("<interval>", interval)
                connection = StreamConnection(
                    hub,
                    route_of(name),
                    combined=False,
                    send=lambda _frame, heard=stream: self._heard.add(_probe_name(heard)),
                )
                connection.listen(name)
        for _ in range(60):
            self._bench.pass_time(0.25)
        self._be_liquidated()
        return self._heard

    def _be_liquidated(self) -> None:
        bench = self._bench
        bench.listen()
        bench.call("set_leverage", symbol="BTCUSDT", leverage=50)
        bench.order("BUY", "7")
        market = bench.venue.exchange.markets["BTCUSDT"]
        price = market.mark_price
        for _ in range(60):  # warned on the way, then closed
            price *= Decimal("0.9995")
            bench.set_mark(f"{price:.1f}")
            bench.venue._liquidation.look(bench.venue.now_ms())
        bench.pass_time(1)

    def heard_events(self) -> set[str]:
        """After `heard_streams`, which has traded already."""
        bench = self._bench
        price = bench.venue.exchange.markets["BTCUSDT"].last_price + 100
        bench.call("set_multi_assets_mode", multiAssetsMargin="true")
        order = {"symbol": "BTCUSDT", "side": "BUY", "quantity": "0.010"}
        order |= {"type": "STOP_MARKET", "triggerPrice": f"{price:.1f}"}
        bench.call("place_algo", algoType="CONDITIONAL", **order)
        bench.call("cancel_all_algo", symbol="BTCUSDT")
        bench.pass_time(3700)
        return {name for name in DOCUMENTED_EVENTS if bench.events(name)}

    def answered_methods(self) -> set[str]:
        session = OrderSocketSession(self._bench.venue, "127.0.0.1", "")
        return {method for method in DOCUMENTED_METHODS if _is_known(session, method)}


def _is_known(session: OrderSocketSession, method: str) -> bool:
    reply = msgspec.json.decode(session.reply(f'{{"id":1,"method":"{method}","params":{{}}}}'))
    return "Unknown method" not in reply.get("error", {}).get("msg", "")
