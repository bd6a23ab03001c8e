"""The window under load: how long it stalls, how old what it shows is, how fast a click is.

A click counts from the button's coming up, which is what sends, to the moment the order's bytes
are on the venue's socket, whenever the venue gets to read them.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from tests.benchmarks.child import Child, child
from tests.benchmarks.measuring import percentile

RATE = 5_000
ORDERS = 500


def run(*, quick: bool) -> dict[str, Any]:
    seconds, clicks = (4, 6) if quick else (20, 30)
    with loaded_window(seconds, clicks) as (window, venue):
        found = window.read()
        arrived = _arrivals(venue.ready["rest"])
    clicked = found.pop("clicked_us")
    waits = [(came - left) / 1000 for left, came in zip(clicked, arrived, strict=True)]
    return found | {
        "click_to_wire_p50_ms": percentile(waits, 0.5),
        "click_to_wire_max_ms": max(waits),
    }


@contextmanager
def loaded_window(seconds: float, clicks: int) -> Iterator[tuple[Child, Child]]:
    """The program, live, with 500 open orders and 5,000 messages a second of six symbols."""
    with (
        child("venue_server", str(ORDERS)) as venue,
        child("stream_server", str(venue.ready["update_id"])) as streams,
        child(
            "window_load",
            venue.ready["rest"],
            venue.ready["ws_api"],
            f"{streams.ready['url']}/pace-{RATE}-0-split",
            str(seconds),
            str(clicks),
            PERPDESK_API_KEY=venue.ready["api_key"],
            PERPDESK_API_SECRET=venue.ready["api_secret"],
        ) as window,
    ):
        if window.ready["orders"] != ORDERS:
            raise RuntimeError(f"the window shows {window.ready['orders']} orders")
        yield window, venue


def _arrivals(rest: str) -> list[int]:
    with urllib.request.urlopen(f"{rest}/bench/arrivals", timeout=5) as answer:
        return msgspec.json.decode(answer.read(), type=list[int])
