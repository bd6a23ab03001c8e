"""A fair price that wanders as crypto prices do; floats, because nothing here is money.

The price has a velocity that forgets itself within a second: seen from
afar it is a random walk, seen closely it glides, so that quotes following it
move by small steps. Its volatility comes in clusters: a gait of seconds (rest
and bustle), a wave of minutes and rare bursts, most of which also push in one
direction. A drift that changes every few minutes makes trends, and a weak pull
keeps the price near its anchor over days.
"""

from __future__ import annotations

import math
import random

_BEAT_S = 0.05  # the path is drawn in beats, so that late calls do not change it
_SECONDS_PER_YEAR = 31_536_000
_GLIDE_S = 0.6
_GAIT_S, _GAIT_SIZE = 3.0, 0.5  # memory and standard deviation, in log volatility
_WAVE_S, _WAVE_SIZE = 120.0, 0.35
_BURST_EVERY_S = 300.0
_BURST_FADES_S = 10.0
_PUSH_FADES_S = 2.5
_REGIME_EVERY_S = 300.0
_DRIFT_EASES_S = 45.0
_DRIFT_PER_SIGMA = 0.04
_PULL_S = 86_400.0

_KEEPS_SPEED = math.exp(-_BEAT_S / _GLIDE_S)
_NEW_SPEED = math.sqrt((1 - _KEEPS_SPEED**2) / (2 * _GLIDE_S))
_USUAL_SPEED = math.sqrt(1 / (2 * _GLIDE_S))  # sigmas per second, standard deviation


class FairPrice:
    """Price in ticks, not whole. Deterministic for one `rng` and one number of beats."""

    def __init__(self, rng: random.Random, start_ticks: int, annual_volatility: float) -> None:
        self._rng = rng
        self._anchor = float(start_ticks)
        self._sigma = annual_volatility / math.sqrt(_SECONDS_PER_YEAR)
        self._gait = 0.0
        self._wave = 0.0
        self._burst = 0.0
        self._push = 0.0
        self._speed = 0.0
        self._drift = 0.0
        self._regime = 0.0
        self._waited_s = 0.0
        self.ticks = float(start_ticks)

    @property
    def heat(self) -> float:
        """Present volatility over the usual one; its mean square is about 1."""
        return math.exp(self._gait + self._wave + self._burst - _GAIT_SIZE**2 - _WAVE_SIZE**2)

    @property
    def usual_move_ticks(self) -> float:
        """Standard deviation of one usual second."""
        return self._sigma * self.ticks

    @property
    def mood(self) -> float:
        """Where the price is going right now: about -2 to 2, far beyond in a burst."""
        return (self._speed + self._push) / _USUAL_SPEED + 5 * self._drift

    def nudge(self, ticks: float) -> None:
        """Somebody's trade moved the price for good."""
        self.ticks = max(1.0, self.ticks + ticks)

    def advance(self, seconds: float) -> None:
        """Let time pass; what is less than a beat waits for the next call."""
        self._waited_s += seconds
        while self._waited_s > _BEAT_S - 1e-9:
            self._waited_s -= _BEAT_S
            self._beat()

    def _beat(self) -> None:
        gauss, rng = self._rng.gauss, self._rng
        self._gait = _wander(self._gait, _GAIT_S, _GAIT_SIZE, gauss(0, 1))
        self._wave = _wander(self._wave, _WAVE_S, _WAVE_SIZE, gauss(0, 1))
        self._burst *= 1 - _BEAT_S / _BURST_FADES_S
        self._push *= 1 - _BEAT_S / _PUSH_FADES_S
        if rng.random() < _BEAT_S / _BURST_EVERY_S:
            self._burst = rng.uniform(0.5, 1.3)
            self._push = rng.uniform(0.5, 2.5) * rng.choice((-1, 0, 1))
        if rng.random() < _BEAT_S / _REGIME_EVERY_S:
            self._regime = _DRIFT_PER_SIGMA * gauss(0, 1)
        self._drift += (self._regime - self._drift) * _BEAT_S / _DRIFT_EASES_S
        self._speed = self._speed * _KEEPS_SPEED + self.heat * _NEW_SPEED * gauss(0, 1)
        move = (self._speed + self._push + self._drift) * self._sigma
        pull = math.log(self._anchor / self.ticks) / _PULL_S
        self.ticks *= math.exp((move + pull) * _BEAT_S)


def _wander(value: float, memory_s: float, size: float, noise: float) -> float:
    """One beat of a wave around zero."""
    share = _BEAT_S / memory_s
    return value * (1 - share) + size * math.sqrt(2 * share) * noise
