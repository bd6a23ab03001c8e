"""A hand on the exchange's faults, an ear on its requests, and both sides on one clock."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from engine.clock import FakeClock
from tests.helpers.paper import PaperClient, now_ms
from tests.helpers.waiting import wait_until

FAULTS = "/paper/v1/faults"
_SKEW_S = 60.0  # longer than a test stands still, on a busy machine too
ORDER = {"method": "POST", "path": "/fapi/v1/order"}


class FaultHand(PaperClient):
    """`play` adds a rule and tells its number; `when` is as in a script."""

    def play(self, fault: str, **args: Any) -> int:
        answer = self.raw("POST", FAULTS, json.dumps({"fault": fault, **args}))
        assert answer.status == 200, answer.body
        return int(answer.body["rules"][0])

    def at_once(self, fault: str, **args: Any) -> int:
        return self.play(fault, when={"trigger": "time"}, **args)

    def on_order(self, fault: str, *, count: int = 0, **args: Any) -> int:
        return self.play(fault, when={**ORDER, "count": count}, **args)

    def end(self, rule: int) -> None:
        self.raw("DELETE", f"{FAULTS}?rule={rule}")

    def end_all(self) -> None:
        self.raw("DELETE", FAULTS)

    def played(self, rule: int) -> list[dict[str, Any]]:
        """To whom, in order."""
        log = self.raw("GET", FAULTS).body["log"]
        return [entry["target"] for entry in log if entry["rule"] == rule and not entry.get("what")]

    def doors(self, rule: int) -> list[str]:
        """By which way the requests came that the rule was played to."""
        return [target["door"] for target in self.played(rule)]

    def listen(self, **when: Any) -> int:
        """A rule that does nothing but note each request; `asked` reads it."""
        when = {"trigger": "request", "count": 0, **when}
        return self.play("limits_nearly_full", weight_left=2400, orders_left=1200, when=when)

    def asked(self, rule: int) -> list[str]:
        """As "GET /fapi/v1/time", in the order of their coming."""
        return [f"{target['method']} {target['path']}" for target in self.played(rule)]

    def advance(self, clock: FakeClock, seconds: float) -> None:
        """Move a client's clock, and the one by which the exchange judges timestamps with it.

        The exchange's goes first: a request that is signed between the two is late, which its
        window allows. Less than a second at a time, and at most 10 minutes in all: who measures
        the exchange's clock between the two must not be too early afterwards.
        """
        ms = clock.now_ms() + round(seconds * 1000) - now_ms()
        # the newest rule holds, those before it go by themselves
        self.play("clock_skew", ms=ms, when={"trigger": "time", "for_s": _SKEW_S})
        clock.advance(seconds)

    def advance_until(
        self, clock: FakeClock, condition: Callable[[], object], step_s: float = 0.2
    ) -> None:
        """Let both run until the condition holds."""

        def step() -> object:
            if condition():
                return True
            self.advance(clock, step_s)
            return False

        wait_until(step, timeout_s=60.0)  # each step is a call

    def wait_for_room_in_the_minute(self, seconds: float = 10.0) -> None:
        """The exchange counts by its own minute: a test that fills one must not meet the next."""
        left_s = 60 - time.time() % 60
        if left_s < seconds:
            time.sleep(left_s + 0.05)

    def open_names(self) -> list[str]:
        rows = self.signed("GET", "/fapi/v1/openOrders", symbol="BTCUSDT").body
        return [row["clientOrderId"] for row in rows]
