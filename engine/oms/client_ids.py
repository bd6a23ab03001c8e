"""Client order ids: ours to recognise, unique over restarts, sorted by time."""

from __future__ import annotations

import random
import secrets

from engine.clock import Clock
from engine.oms.order_transitions import OUR_PREFIX

# asking the system for chance takes up to 50 us on some machines: it is asked once
_chance = random.Random(secrets.randbits(256))  # noqa: S311 - unique, not secret


def new_plan_id(clock: Clock) -> str:
    """As an order's, but shorter: 24 characters, so that its orders can add a number."""
    return f"{OUR_PREFIX}{clock.now_ms():011x}{_chance.getrandbits(40):010x}"


def new_client_order_id(clock: Clock) -> str:
    """`pd-` + 11 hex digits of the time + 16 of chance: 30 of the 36 allowed characters.

    The venue guards only against a second OPEN order with the same id, so the
    chance part is what keeps an id from ever being used twice.
    """
    return f"{OUR_PREFIX}{clock.now_ms():011x}{_chance.getrandbits(64):016x}"
