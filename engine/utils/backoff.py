"""Growing pauses between attempts."""

from __future__ import annotations

import random
from collections.abc import Callable


class Backoff:
    """1, 2, 4, 8 ... `maximum_s`, each shortened by up to `jitter` of itself.

    The jitter keeps many clients of one venue from coming back in step. One
    thread only.
    """

    def __init__(
        self,
        base_s: float = 1.0,
        maximum_s: float = 120.0,
        jitter: float = 0.2,
        random_share: Callable[[], float] = random.random,
    ) -> None:
        self._base_s = base_s
        self._maximum_s = maximum_s
        self._jitter = jitter
        self._random_share = random_share
        self._attempts = 0

    @property
    def attempts(self) -> int:
        """Pauses handed out since the last reset."""
        return self._attempts

    def next_s(self) -> float:
        # the exponent is bounded, as 2.0**1024 overflows
        full = min(self._maximum_s, self._base_s * 2.0 ** min(self._attempts, 60))
        self._attempts += 1
        return full * (1.0 - self._jitter * self._random_share())

    def reset(self) -> None:
        self._attempts = 0
