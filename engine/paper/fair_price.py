"""A fair price that wanders as crypto prices do; floats, because nothing here is money.

A random walk whose volatility comes in clusters (a slow wave with rare bursts
on top) and whose drift changes regime every ten minutes or so, so that there
are trends, calm hours and sudden moves. A weak pull keeps it near its anchor
over days.
"""

from __future__ import annotations

import math
import random

_SECONDS_PER_YEAR = 31_536_000
_WAVE_S = 120.0  # memory of the slow volatility wave
_WAVE_SIZE = 0.45  # its standard deviation, in log volatility
_BURST_EVERY_S = 300.0
_BURST_FADES_S = 15.0
_REGIME_EVERY_S = 600.0
_DRIFT_EASES_S = 60.0
_DRIFT_PER_SIGMA = 0.03
_PULL_S = 86_400.0


class FairPrice:
    """Price in ticks, not whole. Deterministic for one `rng` and one series of steps."""

    def __init__(self, rng: random.Random, start_ticks: int, annual_volatility: float) -> None:
        self._rng = rng
        self._anchor = float(start_ticks)
        self._sigma = annual_volatility / math.sqrt(_SECONDS_PER_YEAR)
        self._wave = 0.0
        self._burst = 0.0
        self._drift = 0.0
        self._regime = 0.0
        self.ticks = float(start_ticks)

    @property
    def heat(self) -> float:
        """Present volatility over the usual one; about 1."""
        return math.exp(self._wave + self._burst)

    @property
    def usual_move_ticks(self) -> float:
        """Standard deviation of one usual second."""
        return self._sigma * self.ticks

    @property
    def trend(self) -> float:
        """Drift in usual seconds' moves per second: about -0.1 to 0.1."""
        return self._drift

    def advance(self, seconds: float) -> None:
        rng = self._rng
        self._wave += -self._wave * seconds / _WAVE_S
        self._wave += _WAVE_SIZE * math.sqrt(2 * seconds / _WAVE_S) * rng.gauss(0, 1)
        self._burst *= math.exp(-seconds / _BURST_FADES_S)
        if rng.random() < seconds / _BURST_EVERY_S:
            self._burst = rng.uniform(0.7, 1.6)
        if rng.random() < seconds / _REGIME_EVERY_S:
            self._regime = _DRIFT_PER_SIGMA * rng.gauss(0, 1)
        self._drift += (self._regime - self._drift) * seconds / _DRIFT_EASES_S
        move = self.heat * math.sqrt(seconds) * rng.gauss(0, 1) + self._drift * seconds
        pull = math.log(self._anchor / self.ticks) * seconds / _PULL_S
        self.ticks *= math.exp(self._sigma * move + pull)
